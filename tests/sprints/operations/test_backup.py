"""Test that a backup is one moment of the store, readable only by its owner, and a store again."""

import os
import stat
import subprocess
import sys

import pytest

from tests.world import environment, run_command, unpack


@pytest.fixture
def lived(repo, shell):
    """A store of its own in which a sprint has succeeded."""
    assert shell("init").code == 0
    assert shell("gate", "set", "qa_smoke_quick", "--command", "true").code == 0
    assert shell("sprint", "create", "wk1").code == 0
    assert shell("sprint", "run", "wk1").code == 0
    return repo / ".studio_gateway"


def restore(target, folder):
    """Put the backup where a store lies; returns the repository."""
    store = folder / "restored" / ".studio_gateway"
    store.parent.mkdir()
    if target.is_dir():
        target.rename(store)
    else:
        unpack(target, store)
    return store.parent


@pytest.mark.parametrize("name", ["copy", "copy.tar.gz"])
def test_a_backup_is_a_store_again(lived, shell, tmp_path, name):
    target = tmp_path / name

    said = shell("backup", str(target))
    restored = restore(target, tmp_path)

    assert (said.code, said.err) == (0, "")
    assert run_command(restored, "init").code == 0
    for argv in (("verify",), ("rebuild", "--check"), ("sprint", "show", "wk1")):
        found = run_command(restored, *argv)
        assert (found.code, found.err) == (0, ""), found.out
    for path in ("events.jsonl", "artifacts/wk1/gates/qa_smoke_quick/runs/1/stdout.txt"):
        assert (restored / ".studio_gateway" / path).read_bytes() == (lived / path).read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="no modes")
@pytest.mark.parametrize("name", ["copy", "copy.tar.gz"])
def test_only_its_owner_reads_it_and_no_key_is_in_it(lived, shell, tmp_path, name):
    target = tmp_path / name
    (lived / "artifacts" / "wk1" / "link").symlink_to(lived / "config.json")
    os.mkfifo(lived / "artifacts" / "wk1" / "pipe")

    assert shell("backup", str(target)).code == 0

    assert stat.S_IMODE(target.stat().st_mode) & 0o077 == 0
    restored = restore(target, tmp_path) / ".studio_gateway"
    names = {path.name for path in restored.rglob("*")}
    assert not names & {"config.json", "link", "pipe"}
    files = [path for path in restored.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert list(lived.glob(".backup-*")) == []


def test_a_backup_of_a_store_at_work_agrees_with_itself(lived, repo, shell, tmp_path):
    work = (
        "import django; django.setup(); from sprints import operations\n"
        "from sprints.runner.runner import StopRequest\n"
        "for n in range(12):\n"
        "    operations.create(f's{n}', by='test'); operations.run(f's{n}', StopRequest())\n"
    )
    env = environment(repo) | {"DJANGO_SETTINGS_MODULE": "gateway_project.settings"}
    worker = subprocess.Popen([sys.executable, "-c", work], cwd=repo, env=env)
    made = []
    while worker.poll() is None:
        made.append(tmp_path / f"copy{len(made)}")
        assert shell("backup", str(made[-1])).code == 0
    assert worker.returncode == 0

    for target in made:
        folder = tmp_path / f"of-{target.name}"
        folder.mkdir()
        restored = restore(target, folder)
        assert run_command(restored, "init").code == 0
        found = run_command(restored, "verify")
        assert (found.code, found.err) == (0, ""), found.out


def test_what_cannot_be_backed_up_is_one_line_and_leaves_nothing(lived, shell, tmp_path):
    (tmp_path / "there").write_text("mine")
    inside = lived / "artifacts" / "copy"
    for target, words in (
        ("there", "is there already"),
        ("no/where.tar.gz", "No such file"),
        (str(inside), "lies in the store itself"),
    ):
        said = shell("backup", str(tmp_path / target))

        assert said.code == 2
        assert words in said.err
        assert said.err.count("\n") == 1
    assert (tmp_path / "there").read_text() == "mine"
    assert list(tmp_path.glob(".*unfinished*")) == []


def test_files_of_another_history_are_not_backed_up(lived, shell, tmp_path):
    events = lived / "events.jsonl"
    last = events.read_text().splitlines()[-1]
    events.write_text(last.replace('"seq": ', '"seq": 9') + "\n")

    said = shell("backup", str(tmp_path / "copy"))

    assert said.code == 2
    assert "is ahead of the database" in said.err
    assert said.err.count("\n") == 1
    assert list(tmp_path.glob("*copy*")) == []
