"""Test the sessions of agent commands: begun, resumed by an attempt or a fix, or lost."""

import itertools
import json
import sys
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from sprints.agents import command_runner
from sprints.agents.presets import PRESETS
from sprints.contract.token_usage import Usage
from sprints.core.actions import Begun
from sprints.core.decide import decide
from sprints.core.reducer import reduce
from sprints.prompts.exchange import LOST, Exchange, Question
from sprints.state.snapshot import evolve
from sprints.store.layout import Store
from tests.engine import NOON, drive, fresh, step
from tests.sprints.core.test_agent_tasks import LEAD, YES, says
from tests.sprints.core.test_fix_loop import MADE, green, in_a_clone, judging, red

RULES = {"begin": ["--new", "{id}"], "again": ["--old={id}"], "unknown": ["no session"]}
NAMED = {"again": ["resume", "{id}"], "id": "thread", "total": True}


def led(rules: dict, exchange: Exchange | None = None):
    """A sprint whose lead has sessions by those rules, asked once, answered if that is given."""
    agent = replace(LEAD, command=("speak", "{session}", "-"), reply={"session": rules})
    snapshot, _, _ = step(fresh(agents=(agent,)), says(YES), NOON)
    if exchange is None:
        return snapshot
    snapshot, _, _ = step(snapshot, says(YES), NOON, speak=says(exchange))
    return snapshot


def session(snapshot):
    """What the last task says of it."""
    return snapshot.tasks[-1].details.get("session")


def asked_by(snapshot) -> str:
    """The id of the session in which the next question is asked."""
    action = decide(snapshot)
    assert action is not None
    moves = reduce(snapshot, action, Begun(NOON))
    found: str = evolve(snapshot, moves, NOON).tasks[-1].details["session"]["id"]
    return found


def test_a_further_try_takes_up_the_session_of_the_last():
    stopped = Exchange(None, "the gateway stops", stopped=True, exit_code=-15, session="s-1")
    snapshot = led(RULES, stopped)
    first = session(snapshot)

    after, _, _ = step(snapshot, says(YES), NOON, speak=says(replace(YES, session="s-1")))

    assert first == {"id": "s-1", "told": None, "again": False}
    assert session(after) == {"id": "s-1", "told": None, "again": True}


def test_one_that_is_gone_is_not_taken_up_and_its_try_has_failed_nothing():
    gone = Exchange(None, "its session is not known any more", stopped=True, exit_code=1)
    snapshot = led(RULES, gone)

    assert (session(snapshot), snapshot.tasks[-1].status) == (None, "pending")
    after, _ = drive(snapshot, speak=says(replace(YES, session="s-2")))
    assert after.sprint.status == "succeeded"
    assert after.tasks[0].details["session"] == {"id": "s-2", "told": None, "again": False}


def test_a_new_one_is_named_on_record_before_its_program_begins():
    snapshot = led(RULES)
    chosen = {key: asked_by(led(rules)) for key, rules in (("ours", RULES), ("its", NAMED))}

    assert len(uuid.UUID(chosen["ours"]).hex) == 32
    assert chosen["ours"] == asked_by(snapshot)
    assert chosen["its"] == ""


def test_a_fix_takes_up_the_session_of_who_made_the_work_and_a_lead_begins_its_own():
    agent = replace(LEAD, command=("speak", "{session}"), reply={"session": RULES})
    snapshot = in_a_clone()
    snapshot = replace(snapshot, contract=replace(snapshot.started_contract, agents=(agent,)))
    count = itertools.count(1)

    def speak(action):
        said = says(MADE)(action)
        return (
            said
            if getattr(action, "kind", "") == "ack"
            else replace(said, session=f"s-{next(count)}")
        )

    after, _ = drive(snapshot, judging(red("a"), green("b")), speak=speak)

    tasks = [task for task in after.tasks if task.owner_agent == "agent_01"]
    kinds = [(task.details["kind"], task.details["session"]["again"]) for task in tasks]
    assert kinds == [("lead", False)] * 4 + [("fix", True)] + [("lead", False)] * 2


def test_what_a_session_had_told_before_is_not_charged_again():
    first = Exchange(
        None,
        "stops",
        stopped=True,
        exit_code=-15,
        session="t",
        usage=Usage(1000, 0, 50, None, "last"),
    )
    snapshot = led(NAMED, first)
    second = replace(YES, session="t", usage=Usage(2500, 100, 80, None, "last"))

    after, _, _ = step(snapshot, says(YES), NOON, speak=says(second))

    assert after.tasks[0].details["usage"] == {
        "input_tokens": 2500, "cached_tokens": 100, "output_tokens": 80, "source": "last",
        "tries": 2,
    }  # fmt: skip
    each = replace(second, usage=Usage(10, 0, 5, None, "each"))
    cut, _, _ = step(snapshot, says(YES), NOON, speak=says(each))
    assert cut.tasks[0].details["usage"]["input_tokens"] == 1010
    assert cut.tasks[0].details["session"]["told"]["input_tokens"] == 1010
    anew = replace(second, usage=Usage(10, 0, 5, None, "last"))
    less, _, _ = step(snapshot, says(YES), NOON, speak=says(anew))
    assert less.tasks[0].details["usage"]["input_tokens"] == 1010


def test_a_try_that_was_lost_leaves_the_session_that_it_had_named():
    snapshot = led(NAMED)
    snapshot, _, _ = step(snapshot, says(YES), NOON, speak=says(replace(LOST, session="t")))

    assert session(snapshot)["id"] == "t"
    assert snapshot.tasks[-1].details["lost"] == 1


@pytest.fixture
def ask(tmp_path: Path, settings):
    """Ask a program that prints its words and that, in a session."""
    settings.STORE = Store(tmp_path)

    def asked(rules: dict, question: dict, out: str = "", err: str = "", code: int = 0):
        lines = "import sys; print(sys.argv[1:]);"
        lines += f"print({out!r}); sys.stderr.write({err!r}); exit({code})"
        words = (sys.executable, "-c", lines, "{session}", "-")
        agent = replace(LEAD, command=words, reply={"session": rules})
        folder = tmp_path / "s" / "agents" / "agent_01" / "R0.lead"
        one = Question("agent_01", "lead", agent, "p", tmp_path, folder, token="t", timeout_s=60.0)
        said = command_runner.ask(replace(one, **question), lambda: None)
        return said, (folder / "stdout.txt").read_text().partition("\n")[0]

    return asked


def test_its_words_stand_where_the_command_says(ask):
    done = "Status: DONE"

    assert ask(RULES, {"session": "a"}, done)[1] == "['--new', 'a', '-']"
    assert ask(RULES, {"session": "a", "again": True, "number": 2}, done)[1] == "['--old=a', '-']"
    assert ask(NAMED, {"number": 3}, done)[1] == "['-']"
    assert ask(RULES, {"number": 4}, done)[1] == "['-']"


def test_a_session_is_named_by_us_or_by_the_program(ask):
    out = json.dumps({"thread": "t-1"}) + "\nStatus: DONE"

    assert ask(RULES, {"session": "a"}, out)[0].session == "a"
    assert ask(NAMED, {"number": 2}, out)[0].session == "t-1"
    assert ask(NAMED, {"number": 3}, "Status: DONE")[0].session == ""


def test_a_session_that_the_program_does_not_know_is_asked_anew(ask):
    err = "Error: No session a\n" + "at line\n" * 9

    said, _ = ask(RULES, {"session": "a", "again": True}, err=err, code=1)
    other, _ = ask(RULES, {"session": "a", "again": True, "number": 2}, err="no disk", code=1)
    first, _ = ask(RULES, {"session": "a", "number": 3}, err=err, code=1)

    assert said.stopped
    assert (said.session, said.reason) == ("", "its session is not known any more; exit code 1")
    assert (other.stopped, other.session) == (False, "a")
    assert not first.stopped


def test_what_a_lost_try_has_left_says_whether_its_session_began(tmp_path):
    agent = replace(LEAD, command=("speak",), reply={"session": RULES})
    question = Question("agent_01", "lead", agent, folder=tmp_path, token="t", session="a")

    assert command_runner.recover(question) == LOST
    (tmp_path / "runs" / "1").mkdir(parents=True)
    (tmp_path / "runs" / "1" / "stdout.txt").write_text("")
    left = command_runner.recover(question)
    assert left == replace(LOST, session="a", outputs=left.outputs)
    assert [name for name, _ in left.outputs] == ["stdout.txt"]


@pytest.mark.parametrize("name", ["claude-code", "codex", "opencode", "qwen"])
def test_presets_that_have_sessions_have_a_place_for_them(name):
    made = PRESETS[name]

    assert "{session}" in made["command"]
    assert made["reply"]["session"]["unknown"]
