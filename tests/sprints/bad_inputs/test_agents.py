"""Test refused agents, and answers without a question."""

import pytest

from tests.sprints.bad_inputs.refusals import IS

SET = ("agent", "set", "agent_01")


@pytest.mark.parametrize("agent", ["", "agent_00", "agent_16", "AGENT_01", "../x", "x" * 500, "\0"])
@pytest.mark.parametrize("act", [("show",), ("set", "--title", "x")])
def test_an_agent_that_there_is_not(refused, act, agent):
    assert "no agent " in refused("agent", *act, "--", agent)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--runner", "magic"], "no runner 'magic'; there are: scripted, command"),
        (["--runner", "command"], "the runner command needs a command (--command)"),
        (["--command", ""], "the runner command needs a command (--command)"),
        (["--command", "' '"], "the runner command needs a command (--command)"),
        (["--command", "sh -c 'x"], "the command cannot be split"),
        (["--command", "a\0b"], "UTF-8 texts without NUL"),
        (["--command", "a\udcffb"], "UTF-8 texts without NUL"),
        (["--command", "x " * 300], "at most 200 words"),
        (["--command", "x" * 9000], "8000 long at most"),
        (["--command", "x {model}"], "names {model}, and the agent has no model"),
        (["--model", "a\nb"], "a model is one word or line"),
        (["--title", ""], "a title is one line"),
        (["--title", "x" * 81], "a title is one line"),
        (["--mission", " "], "a mission is a text of 1 to 4000"),
        (["--mission", "x" * 4001], "a mission is a text of 1 to 4000"),
        (["--responsibility", "x" * 301], "responsibilities are at most 20 lines"),
        (["--responsibility", "a", "--responsibility", ""], "responsibilities are at most 20"),
        (["--authority", "a\nb"], "authority are at most 20 lines of 1 to 300"),
        (["--deliverable", "x"] * 21, "deliverables are at most 20 lines"),
        (["--timeout", "0"], "timeout must be above 0"),
        (["--timeout", "-1"], "timeout must be above 0"),
        (["--timeout", "nan"], "timeout must be above 0"),
        (["--timeout", "inf"], "timeout must be above 0"),
        (["--timeout", "1e9"], "timeout must be above 0"),
        (["--timeout", "soon"], "invalid float value"),
        (["--grace", "-1"], "grace must be 0 to 600"),
        (["--idle", "-1"], "idle must be a number of seconds"),
        (["--idle", "nan"], "idle must be a number of seconds"),
        (["--pass-env", "A=1"], "cannot be the name of an environment variable"),
        (["--pass-env", "SECRET_KEY"], "cannot be the name of an environment variable"),
        (["--pass-env", "DATABASE_URL"], "cannot be the name of an environment variable"),
        (["--pass-env", "STUDIO_GATEWAY_REPO"], "cannot be the name of an environment variable"),
        (["--env", "A"], "write: --env NAME=VALUE"),
        (["--env", "=x"], "'' cannot be set in its environment"),
        (["--env", "SECRET_KEY=x"], "'SECRET_KEY' cannot be set"),
        (["--env", "A=b\0c"], "'A' cannot be set"),
        (["--reply-field", " "], "a reply is found by"),
        (["--preset", "magic"], "no preset 'magic'; use one of: claude-code, codex, gemini"),
        (["--preset", "codex", "--command", "x"], "--preset has its own command"),
        (["--more", "x"], "--more needs --preset"),
        (["--usage", "input"], "what is used is found by fields: input, cached, output, cost_usd"),
        (["--usage", "money=a"], "what is used is found by fields: input, cached, output, cost"),
    ],
)
def test_an_agent_that_cannot_be_asked(refused, options, words):
    assert words in refused(*SET, *options)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "this is no TOML"),
        ("agent_01 = 3", "'agent_01' is not the table of an agent"),
        ("[agent_99]", "'agent_99' is not the table of an agent"),
        ("[agent_01]\nlabel = 'x'", "nothing is called 'label'"),
        ("[agent_01]\nagent_id = 'x'", "nothing is called 'agent_id'"),
        ("[agent_01]\ncommand = 'x'", "command is a list"),
        ("[agent_01]\nauthority = 'x'", "authority is a list"),
        ("[agent_01]\ndeliverables = [[]]", "deliverables is a list of texts"),
        ("[agent_01]\nauthority = ['']", "authority are at most 20 lines"),
        ("[agent_01]\n[agent_02]\n[agent_01]", "this is no TOML: Cannot declare"),
        ("[agent_01]\ntitle = 'a'\ntitle = 'b'", "this is no TOML: Cannot overwrite"),
        ("[agent_01]\ncommand = [1]", "command is a list of texts"),
        ("[agent_01]\ntimeout_s = true", "timeout_s is a int"),
        ("[agent_01]\ntimeout_s = nan", "timeout must be above 0"),
        ("[agent_01]\nenv = {a=3}", "env is a table of texts"),
        ("[agent_01]\nreply = {}", "a reply is found by"),
        ("[agent_01]\nreply = {take='a', more='b'}", "a reply is found by"),
        ("[agent_01]\nreply = {take='a', where=3}", "a reply is found by"),
        ("[agent_01]\nreply = {take='a', where={b=3}}", "are texts"),
        ("[agent_01]\nreply = {usage=3}", '"usage" has "last", "each" or both'),
        ("[agent_01]\nreply = {usage={last={by='a'}}}", "what is used is found by fields"),
        ("[agent_01]\nreply = {fails={say='a'}}", '"fails" is a list of'),
        ("[agent_01]\nreply = {take='a', denied={where={}}}", '"denied" is one'),
        ("[agent_01]\nreply = {signs={x='a'}}", '"signs" is {"what it is": [texts]}'),
        ("[agent_01]\nreply = {denied={say='a', where={b=3}}}", "are texts"),
        ("[agent_02]\ntitle='x'\n[agent_01]\nrunner='magic'", "no runner 'magic'"),
    ],
)
def test_a_file_that_cannot_be_taken_changes_nothing(refused, tmp_path, text, words):
    (tmp_path / "agents.toml").write_text(text)

    assert words in refused("agent", "import", str(tmp_path / "agents.toml"))


def test_a_file_that_cannot_be_read(refused, tmp_path):
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "big").write_bytes(b"#" * (2 << 20))

    assert "cannot be read" in refused("agent", "import", str(tmp_path / "none"))
    assert "cannot be read" in refused("agent", "import", str(tmp_path))
    assert "it is not UTF-8" in refused("agent", "import", str(tmp_path / "bytes"))
    assert "is larger than 1048576 bytes" in refused("agent", "import", str(tmp_path / "big"))


def test_a_file_that_cannot_be_written(refused, tmp_path):
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.rglob("*"))

    for place in ("folder", "none/agents.toml", "a\0b", ""):
        said = refused("agent", "export", "--out", f"{tmp_path}/{place}")
        assert "cannot be written" in said
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("status", ["created", "running", "succeeded", "failed", "cancelled"])
def test_an_answer_that_nobody_asked_for(in_status, refused, status):
    sprint = in_status(status)

    assert f"sprint s1 {IS[status]}; no agent asks a question" in refused(
        "sprint", "answer", sprint, "--text", "Blue."
    )


@pytest.mark.parametrize("text", ["", " ", "x" * 8001, "a\0b", "a\udcffb"])
def test_an_answer_that_is_no_text(in_status, refused, text):
    sprint = in_status("created")

    assert "an answer is a text of 1 to 8000 characters" in refused(
        "sprint", "answer", sprint, "--text", text
    )


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "3601", "soon"])
def test_a_trial_of_no_or_endless_time(refused, seconds):
    said = refused("doctor", "agents", "--timeout", seconds)

    assert "--timeout must be above 0 and at most 3600 seconds" in said or "invalid float" in said


def test_doctor_tries_agents_and_nothing_else(refused):
    assert "invalid choice: 'gates'" in refused("doctor", "gates")
    said = refused("doctor", "--timeout", "5")
    assert "--timeout works only with: studio-gateway doctor agents" in said
