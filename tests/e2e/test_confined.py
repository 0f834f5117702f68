"""Test sandboxed agents and gates in whole sprints: real programs, on this machine's kernel."""

import json
import os
import shlex
from pathlib import Path

import pytest

from gates.supervision import landlock
from tests.e2e.conftest import set_gate
from tests.e2e.test_clones import gateway, own, run, set_agent, works_of
from tests.e2e.test_crashes import check_store, events_of
from tests.gates.test_sandbox import confines, release
from tests.world import FOLDER, clones_of, run_command

__all__ = ["gateway"]

TRIES = """
import os, sys
def tried(name, attempt):
    try:
        attempt()
        return f"{name}: done"
    except OSError as exc:
        return f"{name}: {type(exc).__name__}"
said = [
    tried("checkout", lambda: open("REPO/new", "w")),
    tried("README", lambda: open("REPO/README", "w")),
    tried("git", lambda: open("REPO/.git/config", "a")),
    tried("key", lambda: open("REPO/.studio_gateway/config.json").read()),
    tried("database", lambda: open("REPO/.studio_gateway/gateway.sqlite3", "rb").read()),
    tried("own.git", lambda: open("REPO/.studio_gateway/git/own.git/HEAD", "a")),
    tried("another's clone", lambda: open("CLONES/wk9/theirs").read()),
    tried("into another's clone", lambda: open("CLONES/wk9/theirs", "a")),
    tried("another store's clones", lambda: open("CLONES/../../other/work/wk1/theirs").read()),
    tried("whose they are", lambda: open("CLONES/../store.json", "a")),
    tried("startup", lambda: open("REPO/../home/.bashrc", "a")),
    tried("search path", lambda: open("BIN/git", "w")),
]
open("said-by-NAME", "w").write("\\n".join(said))
"""
REPLY = "print('Status: DONE')"


def tries(repo: Path, name: str) -> str:
    """A program that tries to get out, and writes into its clone what came of that."""
    first = os.environ["PATH"].split(":")[0]
    named = TRIES.replace("CLONES", str(clones_of(repo)))
    return named.replace("REPO", str(repo)).replace("NAME", name).replace("BIN", first)


def switch(repo: Path, key: str, value: str) -> None:
    said = run_command(repo, "config", "set", key, value)
    assert said.code == 0, said


def policy(repo: Path, which: str) -> None:
    """What agent 01 may do in its clone."""
    said = run_command(repo, "agent", "set", "agent_01", "--policy", which)
    assert said.code == 0, said


@confines
def test_agents_and_gates_reach_nothing_but_their_clone_and_each_run_says_why(gateway):
    home = gateway.parent / "home"
    home.mkdir()
    (home / ".bashrc").write_text("of a person\n")
    assert run_command(gateway, "init").code == 0
    work = clones_of(gateway)
    for theirs in (work / "wk9", work.parent.parent / "other" / "work" / "wk1"):
        theirs.mkdir(parents=True)
        (theirs / "theirs").write_text("theirs\n")
    kept = "open(os.path.expanduser('~/.x'), 'w').write('kept');"
    set_agent(gateway, tries(gateway, "agent") + kept + REPLY)
    (gateway.parent / "gate.py").write_text(tries(gateway, "gate"))
    seen = 'test -z "$FORGE_TOKEN$https_proxy$PLAIN" && test "$PYTHONUTF8" = 1'
    set_gate(gateway, shlex.join(["sh", "-c", f"{seen} && python {gateway.parent}/gate.py"]))
    ours = {"FORGE_TOKEN": "abcdefgh", "https_proxy": "http://me:secret-word@proxy"}
    ours |= {"PLAIN": "1", "PYTHONUTF8": "1", "HOME": str(home), "SECRET_KEY": "x" * 50}
    assert run_command(gateway, "sprint", "create", "wk1").code == 0

    said = run_command(gateway, "sprint", "run", "wk1", **ours)

    assert said.code == 0, said
    told = own(gateway, "show", "sg/wk1:said-by-agent").splitlines()
    assert {line.split(": ")[1] for line in told} <= {"PermissionError", "FileNotFoundError"}
    assert len(told) == 12
    assert (home / ".bashrc").read_text() == "of a person\n"
    assert [path.name for path in home.iterdir()] == [".bashrc"]
    assert (clones_of(gateway).with_name("homes") / "agent_01" / ".x").read_text() == "kept"
    assert not (gateway / "new").exists()
    events = events_of(gateway, "wk1")
    by_kind = {e["kind"]: e["data"]["confined"] for e in events if "exit_code" in e["data"]}
    assert by_kind.pop("gate_finished").startswith(f"landlock abi {release()}; network ")
    assert {*by_kind.values()} == {landlock.state(release(), listed=True)}
    assert f"sandbox: landlock abi {release()}" in run_command(gateway, "sprint", "show", "wk1").out
    check_store(gateway)


def test_the_gates_of_a_sprint_in_the_repository_run_there_and_say_so(gateway):
    set_gate(gateway, "touch trace")

    said = run(gateway)

    assert said.code == 0, said
    assert (gateway / "trace").exists()
    ends = [e["data"] for e in events_of(gateway, "wk1") if "exit_code" in e["data"]]
    assert not [data for data in ends if "confined" in data]
    assert "sandbox: off" in run_command(gateway, "sprint", "show", "wk1").out


@confines
def test_what_is_declared_may_be_written_besides(gateway):
    place = gateway.parent / "declared"
    place.mkdir()
    switch(gateway, "confine_paths", json.dumps([str(place), str(gateway), str(gateway.parent)]))
    set_agent(gateway, f"open({str(place / 'x')!r}, 'w'); {REPLY}")
    tries = f"echo x > {gateway}/x; echo x > {gateway}/{FOLDER}/x; test -f {place}/x"
    set_gate(gateway, f"sh -c '{tries}'")

    said = run(gateway)

    assert said.code == 0, said
    assert not (gateway / "x").exists()
    assert not (gateway / FOLDER / "x").exists()


@confines
def test_gates_with_a_private_home_read_a_list_and_keep_the_users_caches(gateway):
    home, script = gateway.parent / "home", gateway.parent / "gate.sh"
    (home / ".cache").mkdir(parents=True)
    (home / "letter").write_text("of a person\n")
    script.write_text(
        "set -e\n"
        "echo kept > ~/.cache/x && echo kept > ~/new\n"
        f"! cat {home}/letter && ! echo x > /dev/tty\n"
        f"git status && cat {gateway}/README && ! cat {gateway}/{FOLDER}/config.json\n"
    )
    switch(gateway, "gate_home", "private")
    set_agent(gateway, REPLY)
    set_gate(gateway, f"sh {script}")
    assert run_command(gateway, "sprint", "create", "wk1").code == 0

    said = run_command(gateway, "sprint", "run", "wk1", HOME=str(home))

    assert said.code == 0, said
    assert (home / ".cache" / "x").read_text() == "kept\n"
    assert not (home / "new").exists()
    (confined,) = {
        e["data"]["confined"] for e in events_of(gateway, "wk1") if e["kind"] == "gate_finished"
    }
    assert confined.startswith(f"{landlock.state(release(), listed=True)}; network ")
    check_store(gateway)


@confines
def test_an_agent_that_may_only_read_can_change_nothing_in_its_clone(gateway):
    write = "try:\n open('work', 'w')\n print('wrote')\nexcept OSError:\n open('README').read()\n"
    set_agent(gateway, f"{write}{REPLY}")
    policy(gateway, "read")
    set_gate(gateway, "sh -c '! test -e work'")

    said = run(gateway)

    assert said.code == 0, said
    assert {work["seen"] for work in works_of(gateway)} == {"absent"}
    check_store(gateway)


def test_what_it_changed_all_the_same_is_kept_aside_and_put_back(gateway):
    switch(gateway, "confinement", "none")
    commits = "import subprocess as s; s.run('git add -A; git commit -qm mine', shell=True);"
    writes = f"open('work', 'w').write('x'); {commits} open('README', 'a').write('more');"
    set_agent(gateway, f"{writes} {REPLY}")
    policy(gateway, "read")
    set_gate(
        gateway, "sh -c '! test -e work && ! grep more README && test -z \"$(git status -s)\"'"
    )

    said = run(gateway)

    assert said.code == 0, said
    works = works_of(gateway)
    assert {(work["seen"], work["files"]) for work in works} == {("refused", 2)}
    assert works[0]["paths"] == ["README", "work"]
    assert works[0]["reason"] == "its policy is to read, and it changed files; they are put back"
    ref = works[0]["notes"][0].removeprefix("what it changed is kept as ")
    assert own(gateway, "show", f"{ref}:work") == "x"
    assert own(gateway, "rev-parse", "sg/wk1") == own(gateway, "rev-parse", f"{ref}~2")
    check_store(gateway)


@pytest.mark.parametrize("fault", ["agent_exited:1:sigkill", "gate_ended:1:sigkill"])
def test_who_dies_before_that_is_followed_by_who_does_it(gateway, fault):
    switch(gateway, "confinement", "none")
    set_agent(gateway, f"open('work', 'w').write('x'); {REPLY}")
    policy(gateway, "read")
    set_gate(gateway, "sh -c '! test -e work'")
    if fault.startswith("gate_ended"):
        assert run(gateway, fault).code == 1  # the supervisor died, and with it the answer
        assert works_of(gateway)[0]["seen"] == "refused"
        return

    run(gateway, fault)
    said = run_command(gateway, "sprint", "run", "wk1")

    assert said.code == 0, said
    assert {work["seen"] for work in works_of(gateway)} == {"refused"}
    check_store(gateway)


def test_without_confinement_a_run_says_that_it_is_off(gateway):
    switch(gateway, "confinement", "none")
    set_agent(gateway, f"open({str(gateway / 'outside')!r}, 'w'); {REPLY}")

    said = run(gateway)

    assert said.code == 0, said
    assert (gateway / "outside").exists()
    ends = [e["data"] for e in events_of(gateway, "wk1") if "exit_code" in e["data"]]
    assert not [data for data in ends if "confined" in data]
    assert "sandbox: off" in run_command(gateway, "sprint", "show", "wk1").out
    found = json.loads(run_command(gateway, "doctor", "--json").out)
    (one,) = [f for f in found if f["check"] == "sandbox"]
    assert (one["level"], one["remedy"]) == ("warn", "studio-gateway config set confinement auto")
