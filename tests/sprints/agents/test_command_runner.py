"""What an agent command finds where it starts."""

from dataclasses import replace

import pytest

from gates.execution import Completed
from gates.verdict import Cause
from sprints.agents import agent_home, command_runner
from sprints.agents.presets import preset
from sprints.prompts.exchange import Exchange
from sprints.prompts.prompts import EXAMPLE
from tests.sprints.core.test_agent_tasks import LEAD


def test_what_a_known_program_keeps_below_its_home_is_made_before_it_is_confined(tmp_path):
    agent = replace(LEAD, command=("claude", "-p"))

    agent_home._settle_in(agent, {"HOME": str(tmp_path)})
    agent_home._settle_in(replace(LEAD, command=("cat",)), {"HOME": str(tmp_path)})
    agent_home._settle_in(agent, {"HOME": "/proc/nowhere"})

    assert [path.name for path in tmp_path.iterdir()] == [".claude"]


@pytest.mark.parametrize("policy", ["write", "read"])
def test_codex_leaves_its_own_sandbox_to_ours_where_there_is_one(monkeypatch, policy):
    words = preset("codex", "", policy=policy)["command"]

    monkeypatch.setattr(command_runner, "lacking", lambda: "")
    assert "danger-full-access" in command_runner._within(words)
    monkeypatch.setattr(command_runner, "lacking", lambda: "this kernel has no Landlock")
    assert command_runner._within(words) == words


REFUSED = {"destinations": [{"host": "a.example", "port": 443, "state": "refused", "count": 1}]}


@pytest.mark.parametrize(
    ("network", "typed"),
    [
        ("none", "--network HOST,HOST, or"),
        (("program",), "--network program,HOST,HOST, or"),
        (("program", "b.example:1"), "--network program,b.example:1,HOST,HOST, or"),
    ],
)
def test_one_that_fails_names_the_refused_host_and_the_command_that_keeps_the_others(
    network, typed
):
    agent = replace(LEAD, network=network)
    said = command_runner._hinted(agent, Exchange(None, "exited 1", network=REFUSED))
    assert said.reason.startswith("exited 1; its network refused a.example:443; ")
    assert f"studio-gateway agent set {agent.agent_id} {typed}" in said.reason


def completed(exit_code: int = 0) -> Completed:
    """The end of a program that nobody stopped."""
    said = f"exit code {exit_code}"
    return Completed("exited", exit_code, said, 1.0, 0, 0, 0, 0, True, 0.0, 1.0)


ENDS = {
    "an answer without the form": ("All done!", Cause.NO_FORM),
    "nothing": ("", Cause.NONE),
    "the example of the prompt": (EXAMPLE.text(), Cause.NONE),
    "an answer": ("Status: DONE", Cause.NONE),
}


@pytest.mark.parametrize("name", ENDS)
def test_only_an_answer_that_lacks_the_form_is_named_so(name, tmp_path):
    text, cause = ENDS[name]
    (tmp_path / "stdout.txt").write_text(text)
    (tmp_path / "stderr.txt").write_text("")

    end = command_runner.exchange_from(LEAD, completed(), tmp_path)

    assert end.cause == cause
    assert (end.reply is not None) == (name == "an answer")


def test_a_program_that_fails_lacks_no_form(tmp_path):
    (tmp_path / "stdout.txt").write_text("All done!")
    (tmp_path / "stderr.txt").write_text("")

    end = command_runner.exchange_from(LEAD, completed(exit_code=3), tmp_path)

    assert (end.reply, end.cause) == (None, Cause.NONE)
