"""Test ``doctor agents``: real programs in real clones, with a finding for each."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sprints.agents.probe import changed, seen
from sprints.contract.agent_spec import COMMAND
from sprints.store.layout import Store
from tests import studio


@pytest.fixture
def checkout(repo: Path, store: Store) -> Path:
    """The repository with a commit, and nothing of it changed."""
    (repo / "README.md").write_text("ours")
    for argv in (
        ["init", "-q"],
        ["add", "README.md"],
        ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "one"],
    ):
        subprocess.run(["git", *argv], cwd=repo, check=True)
    return repo


@pytest.fixture
def tried(invoke, tmp_path, monkeypatch) -> Callable[..., tuple[int, list[dict[str, Any]]]]:
    """The exit code and the findings; nothing of a trial is left, and nothing is on record."""
    (tmp_path / "room").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "room"))

    def call(*argv: str) -> tuple[int, list[dict[str, Any]]]:
        before = studio.seq()
        said = invoke("doctor", "agents", "--json", *argv)
        assert said.err == ""
        assert [*(tmp_path / "room").iterdir()] == []
        assert studio.seq() == before
        return said.code, json.loads(said.out)

    return call


def test_an_agent_that_answers_is_well(checkout, tried):
    studio.speaker("replies")

    code, (found,) = tried()

    assert (code, found["check"], found["level"]) == (0, "agents", "ok")
    assert found["text"].startswith("agent_01: ")
    assert "(Python 3." in found["text"]
    assert "answered in " in found["text"]
    assert found["text"].endswith(" characters read; it changed nothing outside")
    assert not (checkout / "prompts").exists()


def test_without_programs_there_is_nothing_to_try(store, tried):
    code, (found,) = tried()

    assert (code, found["text"]) == (0, "no agent is a program: all are scripted")


def test_two_agents_of_one_program_are_tried_once(checkout, tried):
    studio.speaker("replies")
    studio.speaker("replies", "agent_03")
    studio.speaker("exits3", "agent_02")

    code, found = tried()

    assert code == 1
    assert [one["level"] for one in found] == ["ok", "bad", "ok"]
    assert found[2]["text"] == found[0]["text"].replace("agent_01: ", "agent_03: as agent_01: ")
    assert found[1]["text"].endswith("did not answer: exit code 3: no good")
    assert found[1]["remedy"] == "studio-gateway agent show agent_02"


@pytest.mark.parametrize(
    ("command", "text", "remedy"),
    [
        ("no-such-program", "agent_01: there is no no-such-program", "agent set agent_01"),
        ("./late.sh", "agent_01: ./late.sh is not in a fresh clone", "git add ./late.sh"),
    ],
)
def test_a_program_that_is_not_there(checkout, tried, command, text, remedy):
    (checkout / "late.sh").write_text("#!/bin/sh\necho Status: DONE\n")
    (checkout / "late.sh").chmod(0o755)
    studio.set_agent(runner=COMMAND, command=(command,))

    code, (found,) = tried()

    assert (code, found["level"]) == (1, "bad")
    assert found["text"].startswith(text)
    assert remedy in found["remedy"]


def test_one_that_does_not_answer_in_time_is_ended(checkout, tried):
    studio.speaker("hangs")

    code, (found,) = tried("--timeout", "1")

    assert code == 1
    assert "did not answer: timed out; stopped after 1" in found["text"]


@pytest.mark.parametrize(
    ("way", "words"),
    [("empty", "no reply: it is empty"), ("echoes", "no reply: it ends with the example")],
)
def test_what_is_no_reply_is_no_answer(checkout, tried, way, words):
    studio.speaker(way)

    code, (found,) = tried()

    assert (code, words in found["text"]) == (1, True)


def test_one_that_leaves_its_clone_is_named(checkout, tried):
    studio.speaker("strays")

    code, (found,) = tried()

    assert (code, found["level"]) == (1, "bad")
    assert "it changed outside its clone: " in found["text"]
    assert str(checkout / "README.md") in found["text"]
    assert "/loot" in found["text"]
    assert found["remedy"].startswith("git -C ")


@pytest.mark.parametrize("has_git", [True, False])
def test_where_nothing_can_be_cloned_it_is_tried_in_an_empty_repository(store, tried, has_git):
    studio.speaker("replies")
    shutil.rmtree(store.repo / ".git")
    if has_git:
        subprocess.run(["git", "init", "-q"], cwd=store.repo, check=True)

    code, (found,) = tried()

    assert code == 0
    assert "in an empty repository, for there is none to clone; it changed" in found["text"]


def test_a_trial_begins_in_a_clone_that_knows_no_way_back(checkout, tried):
    script = "git log --format=%s >&2; git remote >&2; pwd >&2; exit 1"
    studio.set_agent(runner=COMMAND, command=("sh", "-c", script))

    _, (found,) = tried()

    assert "exit code 1: one | " in found["text"]
    assert "origin" not in found["text"]
    assert found["text"].endswith("/1/clone")


def test_it_is_for_people_too(checkout, invoke):
    studio.speaker("exits3")

    said = invoke("doctor", "agents")

    assert said.code == 1
    assert "agents     agent_01: " in said.out
    assert "→ studio-gateway agent show agent_01" in said.out


def test_a_trial_without_a_store_says_how_to_make_one(shell):
    said = shell("doctor", "agents")

    assert (said.code, said.err) == (1, "")
    assert "studio-gateway init" in said.out


def test_what_is_new_gone_or_another_is_seen(tmp_path):
    for name in ("same", "other", "gone"):
        (tmp_path / name).write_text(name)
    (tmp_path / "store").mkdir()
    before = seen(tmp_path, tmp_path / "store")
    (tmp_path / "other").write_text("else")
    (tmp_path / "gone").unlink()
    (tmp_path / "new").symlink_to("same")
    (tmp_path / "store" / "x").touch()

    after = seen(tmp_path, tmp_path / "store")

    assert [Path(name).name for name in changed(before, after)] == ["gone", "new", "other"]
    assert changed(after, after) == ()
