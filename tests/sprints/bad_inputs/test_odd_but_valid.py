"""Test inputs that look wrong but are valid."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.world import FOLDER, ROOT, environment

EMOJI = 'The "Great" \u2019Wk 8\u2018 \U0001f680\U0001f3f0 <b>$(id)</b> `x` \\n'


def run(cwd: Path, *argv: str, **more):
    """A command in that folder, which has to find its repository by itself."""
    env = environment(cwd)
    for name in ("STUDIO_GATEWAY_REPO", "PYTHONUNBUFFERED"):
        env.pop(name, None)
    env |= more.pop("env", {})
    without = more.pop("without", ())
    env = {name: value for name, value in env.items() if name not in without}
    more.setdefault("stdout", subprocess.PIPE)
    return subprocess.run(
        [sys.executable, "-m", "studio_gateway", *argv],
        cwd=cwd,
        env=env,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
        **more,
    )


@pytest.mark.parametrize("sprint_id", ["a" * 64, "A", "0", "8.1", "a-b_c.d", "running", "Con-1"])
def test_an_id_within_the_grammar_is_carried_to_its_end(store, invoke, sprint_id):
    assert invoke("sprint", "create", sprint_id).code == 0

    assert invoke("sprint", "run", sprint_id).code == 0

    assert json.loads(store.state.read_text())["sprints"][sprint_id]["status"] == "succeeded"
    assert (store.artifacts / sprint_id / "gates" / "qa_smoke_quick" / "stdout.txt").exists()


@pytest.mark.parametrize(
    "title", [EMOJI, "a" * 200, "-- -x", "\u05e9\u05dc\u05d5\u05dd"], ids=ascii
)
def test_a_title_is_kept_letter_for_letter(store, invoke, title):
    assert invoke("sprint", "create", "s1", f"--title={title}").code == 0

    text = store.state.read_text()
    assert json.loads(text)["sprints"]["s1"]["title"] == title
    assert text.isascii()
    assert invoke("sprint", "show", "s1").code == 0


@pytest.mark.parametrize("title", ["", "   "])
def test_without_a_title_the_id_is_the_title(store, invoke, title):
    assert invoke("sprint", "create", "s1", "--title", title).code == 0

    assert json.loads(store.state.read_text())["sprints"]["s1"]["title"] == "s1"


@pytest.mark.parametrize(
    ("raw", "brief"),
    [
        (b"\xef\xbb\xbfWith a mark\r\n", "With a mark\r\n"),
        ("\U0001f680 {} % \\ \u2028".encode(), "\U0001f680 {} % \\ \u2028"),
        (b"a" * (1 << 20), "a" * (1 << 20)),
    ],
    ids=["BOM", "emoji", "as large as may be"],
)
def test_a_brief_is_kept_letter_for_letter(store, invoke, tmp_path, raw, brief):
    (tmp_path / "brief").write_bytes(raw)

    assert invoke("sprint", "create", "s1", "--brief-file", str(tmp_path / "brief")).code == 0

    assert json.loads(store.state.read_text())["sprints"]["s1"]["meta"]["brief"] == brief
    assert invoke("sprint", "step", "s1").code == 0


def test_an_unknown_key_in_the_config_is_kept(store, invoke):
    config = json.loads(store.config.read_text()) | {"mine": {"deep": [1, None]}}
    store.config.write_text(json.dumps(config))

    assert invoke("init").code == 0

    assert json.loads(store.config.read_text()) == config


def test_a_command_with_quotes_is_split_as_a_shell_would(store, invoke):
    argv = [sys.executable, "-c", "import sys; sys.exit(sys.argv[1:] != ['a b', '', '$HOME', '*'])"]
    words = " ".join(
        [f"'{word}'" for word in argv[:2]] + [f'"{argv[2]}"', "'a b'", "''", "'$HOME'", "'*'"]
    )

    said = invoke("gate", "set", "qa_smoke_quick", "--command", words)

    assert said.code == 0
    assert invoke("sprint", "create", "s1").code == 0
    assert invoke("sprint", "run", "s1").code == 0


def test_a_terminal_that_cannot_show_a_title_is_no_reason_to_stop(repo):
    narrow: list[dict[str, str]] = [
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "cp1252"},
    ]
    assert run(repo, "init", env={"LANG": "C"}).returncode == 0
    title = "caf\u00e9 \U0001f680"
    assert run(repo, "sprint", "create", "s1", "--title", title, env={"LANG": "C"}).returncode == 0

    shown = [run(repo, "sprint", "show", "s1", env=env) for env in narrow]

    assert [(done.returncode, done.stderr) for done in shown] == [(0, b"")] * 3
    assert [done.stdout[:7] for done in shown] == [b"s1  caf"] * 3
    assert json.loads((repo / FOLDER / "state.json").read_text())["sprints"]["s1"]["title"] == title


def test_no_home_is_needed(repo):
    nameless = ("HOME", "USER", "LOGNAME")

    done = [
        run(repo, "init", without=nameless),
        run(repo, "sprint", "create", "s1", env={"HOME": "/nowhere"}),
        run(repo, "sprint", "cancel", "s1", without=nameless),
    ]

    assert [one.returncode for one in done] == [0] * 3
    assert [one.stderr.count(b"\n") for one in done] == [1, 0, 0]  # that the gate is not there


@pytest.fixture
def no_reader():
    """The writing end of a pipe whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.skipif(os.name == "nt", reason="pipes are others there")
def test_a_reader_that_has_gone_is_no_error(repo, shell, no_reader):
    assert shell("init").code == 0
    assert shell("gate", "set", "qa_smoke_quick", "--command", "true").code == 0
    commands = [
        "status",
        "events",
        "gate list",
        "sprint create s1",
        "sprint run s1",
        "sprint show s1",
        "help",
    ]

    said = {line: run(repo, *line.split(), stdout=no_reader) for line in commands}

    assert {line: (one.returncode, one.stderr) for line, one in said.items()} == dict.fromkeys(
        commands, (0, b"")
    )
    assert (
        json.loads((repo / FOLDER / "state.json").read_text())["sprints"]["s1"]["status"]
        == "succeeded"
    )


@pytest.mark.skipif(os.name == "nt", reason="a shell of its own")
def test_a_pipe_into_head_shows_the_first_line_and_no_more(repo, shell, tmp_path):
    (tmp_path / "brief").write_text("More than a pipe holds. " * 10_000)
    assert shell("init").code == 0
    assert shell("sprint", "create", "s1", "--brief-file", str(tmp_path / "brief")).code == 0
    line = f"'{sys.executable}' -m studio_gateway events | head -1"

    for unbuffered in ("", "1"):
        env = environment(repo) | {"PYTHONUNBUFFERED": unbuffered}
        done = subprocess.run(
            ["sh", "-c", line], env=env, capture_output=True, text=True, check=False
        )

        assert (done.returncode, done.stdout, done.stderr) == (0, "[\n", "")


@pytest.mark.skipif(os.name == "nt", reason="a shell of its own")
def test_a_closed_stdout_is_no_error(repo, shell):
    assert shell("init").code == 0

    for words in ("sprint create s1", "status", "sprint list"):
        line = f"'{sys.executable}' -m studio_gateway {words} >&-"
        done = subprocess.run(
            ["sh", "-c", line], env=environment(repo), capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")

    assert '"s1"' in (repo / FOLDER / "state.json").read_text()


def git(folder: Path, *argv: str) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *argv], cwd=folder, check=True, capture_output=True)


def test_a_subfolder_belongs_to_the_checkout_above_it(tmp_path):
    top, deep = tmp_path / "kingdom", tmp_path / "kingdom" / "src" / "castles"
    deep.mkdir(parents=True)
    git(top, "init")

    assert run(deep, "init").returncode == 0

    assert (top / FOLDER / "config.json").exists()
    assert not (deep / FOLDER).exists()
    assert json.loads(run(deep, "status").stdout)["repo_root"] == str(top)


def test_a_worktree_has_a_store_of_its_own(tmp_path):
    top, tree = tmp_path / "kingdom", tmp_path / "tree"
    top.mkdir()
    git(top, "init")
    git(top, "commit", "--allow-empty", "--message", "First")
    git(top, "worktree", "add", str(tree))

    assert run(tree, "init").returncode == 0

    assert (tree / FOLDER / "config.json").exists()
    assert not (top / FOLDER).exists()


def test_outside_a_checkout_the_folder_itself_is_served(tmp_path):
    assert run(tmp_path, "init").returncode == 0

    assert (tmp_path / FOLDER / "config.json").exists()


def test_a_folder_with_a_name_of_any_letters_is_served(tmp_path):
    folder = tmp_path / "my k\u00efngdom \U0001f3f0 'x' %d"
    (folder / "tools").mkdir(parents=True)
    (folder / "tools" / "qa_smoke.py").write_text("print('fine')\n")

    codes = [
        run(folder, *argv).returncode
        for argv in (("init",), ("sprint", "create", "s1"), ("sprint", "run", "s1"))
    ]

    assert codes == [0, 0, 0]
    state = (folder / FOLDER / "state.json").read_text()
    assert state.isascii()
    assert json.loads(state)["sprints"]["s1"]["artifacts_dir"] == str(
        folder / FOLDER / "artifacts" / "s1"
    )


def test_both_entry_points_are_the_same_commands(repo, shell):
    assert shell("init").code == 0

    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "status"],
        env=environment(repo),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, shell("status").out)
