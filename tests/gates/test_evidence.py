"""Test that the gate's folder shows its latest run, with and without hard links."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gates import evidence
from tests.world import FOLDER, environment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a gate's second run."""
    gate = tmp_path / "artifacts" / "wk1" / "gates" / "smoke"
    for number in (1, 2):
        made = evidence.prepare(gate, number)
        (made / "stdout.txt").write_text(f"run {number}\n")
    return made


def latest(folder: Path) -> Path:
    return folder.parents[1] / "stdout.txt"


def test_what_a_run_prints_is_shown_as_it_grows(folder):
    assert latest(folder).read_text() == "run 2\n"
    with (folder / "stdout.txt").open("a") as file:
        file.write("more\n")

    assert latest(folder).read_text() == "run 2\nmore\n"


def test_what_is_not_the_runs_output_is_replaced_by_a_copy(folder):
    latest(folder).unlink()
    latest(folder).touch()

    evidence.complete(folder)

    assert latest(folder).read_text() == "run 2\n"
    assert latest(folder).stat().st_mode & 0o777 == 0o600
    assert {path.name for path in folder.parents[1].iterdir()} == {"runs", *evidence.OUTPUTS}


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
@pytest.mark.parametrize("what", ["its output", "its folder", "all runs", "a pipe"])
def test_nothing_is_read_through_what_a_gate_has_put_there(folder, tmp_path, what):
    secret = tmp_path / "secret"
    (secret / "2").mkdir(parents=True)
    for place in (secret, secret / "2"):
        (place / "stdout.txt").write_text("secret\n")
    place = {"its folder": folder, "all runs": folder.parent}.get(what, folder / "stdout.txt")
    shutil.move(place, tmp_path / "moved")
    if what == "a pipe":
        os.mkfifo(place)
    else:
        place.symlink_to(secret / "stdout.txt" if what == "its output" else secret)
    latest(folder).unlink()

    with pytest.raises(OSError, match=r"symbolic link|not a plain file"):
        evidence.complete(folder)

    assert not latest(folder).exists()


def test_what_the_gate_has_deleted_is_no_error(folder):
    shutil.rmtree(folder)

    evidence.complete(folder)

    assert latest(folder).read_text() == "run 2\n"


def test_without_hard_links_a_sprint_is_judged_and_its_latest_output_shown(repo, shell):
    """No such file system is at hand: strace answers for the kernel."""
    if shutil.which("strace") is None:
        pytest.skip("NO STRACE: hard links cannot be refused")
    script = "import sys; print('all is well' if sys.argv[1] else '')"
    argv = f"'{sys.executable}' -c \"{script}\" x"
    assert shell("init").code == 0
    assert shell("gate", "set", "qa_smoke_quick", "--command", argv).code == 0
    assert shell("sprint", "create", "wk1").code == 0
    links = "link,linkat"
    refuse = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={links}"]
    refuse += ["-e", f"inject={links}:error=EPERM"]

    done = subprocess.run(
        [*refuse, sys.executable, "-m", "studio_gateway", "sprint", "run", "wk1"],
        cwd=repo,
        env=environment(repo),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done
    gate = repo / FOLDER / "artifacts" / "wk1" / "gates" / "qa_smoke_quick"
    texts = [gate / "stdout.txt", *(gate / f"runs/{number}/stdout.txt" for number in (1, 2))]
    assert [path.read_text() for path in texts] == ["all is well\n"] * 3
    assert {path.stat().st_nlink for path in texts} == {1}
    shown = json.loads(shell("sprint", "show", "wk1", "--json").out)["gates"]["qa_smoke_quick"]
    assert shown["stdout_path"] == str(gate / "stdout.txt")
