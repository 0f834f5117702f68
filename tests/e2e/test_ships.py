"""Test shipping: real programs, repositories and kills; one merge and one tag."""

import json
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.checkout import commit, git
from tests.e2e.conftest import set_gate, start, wait_for
from tests.e2e.test_crashes import check_store, events_of
from tests.world import FOLDER, MARK, clones_of, run_command

WRITES = "open('work', 'a').write('x'); print('Status: DONE')"


@pytest.fixture
def gateway(gateway: Path) -> Path:
    """A store in a clean checkout, an agent that works, and a gate that looks at its work."""
    prepare(gateway)
    return gateway


def prepare(repo: Path) -> None:
    """Let sprints be built and shipped there."""
    commit(repo, {"README": "of the project\n"})
    words = shlex.join([sys.executable, "-c", WRITES])
    said = run_command(repo, "agent", "set", "agent_01", "--command", words, "--pass-env", MARK)
    assert said.code == 0, said
    set_gate(repo, "sh -c 'grep -q x work'")
    assert run_command(repo, "config", "set", "enable_auto_merge", "true").code == 0


def run(repo: Path, fault: str = ""):
    """Make ``wk1`` and run it."""
    assert run_command(repo, "sprint", "create", "wk1").code == 0
    if fault:
        return run_command(repo, "sprint", "run", "wk1", STUDIO_FAULT=fault)
    return run_command(repo, "sprint", "run", "wk1")


def shipping(repo: Path) -> dict:
    """How far it is, as state.json has it."""
    state = json.loads((repo / FOLDER / "state.json").read_text())
    found: dict = state["sprints"]["wk1"]["meta"].get("shipping", {})
    return found


def kinds(repo: Path) -> list[str]:
    """The kinds of the events from the last gates before the merge on."""
    found = [event["kind"] for event in events_of(repo, "wk1")]
    return found[found.index("ship_started") :]


def shipped_once(repo: Path) -> None:
    """One merge, one tag, both of the tree that the gates passed, and a true certificate."""
    head = git(repo, "rev-parse", "main")
    assert git(repo, "log", "--format=%s", "main").split("\n").count("Merge the work of wk1") == 1
    assert git(repo, "tag").split("\n") == ["shipped/wk1"]
    assert git(repo, "rev-parse", "shipped/wk1^{commit}") == head
    assert git(repo, "status", "--porcelain") == ""
    said = run_command(repo, "verify", "--tag", "shipped/wk1")
    assert said.code == 0, said
    judged = [e["data"] for e in events_of(repo, "wk1") if e["kind"] == "gate_finished"]
    assert judged[-1]["tree"] == git(repo, "rev-parse", "main^{tree}")
    check_store(repo)
    findings = json.loads(run_command(repo, "doctor", "--json").out)
    assert not [one for one in findings if (one["check"], one["level"]) == ("invariants", "bad")]


def test_what_has_passed_is_merged_judged_published_and_told(gateway):
    hook = "sh -c 'cat > told'"
    added = run_command(gateway, "hook", "add", "tell", "--on", "release_ready", "--command", hook)

    said = run(gateway)

    assert (added.code, said.code) == (0, 0), said
    assert kinds(gateway) == [
        "ship_started", "ship_merged", "gate_started", "gate_finished", "paths_compared",
        "ship_publishing", "shipped", "round_done", "note",
    ]  # fmt: skip
    assert (gateway / "work").read_text() == "x" * 6
    told = json.loads((gateway / "told").read_text())
    (gateway / "told").unlink()
    assert told["type"] == "release_ready"
    assert (told["data"]["sprint_id"], told["data"]["branch"]) == ("wk1", "main")
    commit_id = git(gateway, "rev-parse", "--short=12", "main")
    shown = run_command(gateway, "sprint", "show", "wk1").out
    assert f"shipped: {commit_id} on main, tag shipped/wk1\n" in shown
    shipped_once(gateway)


def test_off_is_the_default_and_nothing_of_the_users_changes(gateway):
    assert run_command(gateway, "config", "set", "enable_auto_merge", "false").code == 0
    before = git(gateway, "for-each-ref")

    assert run(gateway).code == 0

    assert git(gateway, "for-each-ref") == before
    assert not shipping(gateway)


def test_a_merge_that_is_red_is_never_published(gateway):
    set_gate(gateway, "sh -c 'grep -q x work && ! test -e theirs'")
    assert run_command(gateway, "sprint", "create", "wk1").code == 0
    for _ in range(5):
        assert run_command(gateway, "sprint", "step", "wk1").code == 0
    head = commit(gateway, {"theirs": "what the sprint has never seen"})

    said = run_command(gateway, "sprint", "run", "wk1")

    assert said.code == 1, said
    assert "gate_failed:qa_smoke_quick" in said.out
    assert git(gateway, "rev-parse", "main") == head
    assert git(gateway, "tag") == ""
    check_store(gateway)


def test_a_conflict_blocks_and_a_retry_ships_once_it_is_solved(gateway):
    assert run_command(gateway, "sprint", "create", "wk1").code == 0
    for _ in range(5):
        assert run_command(gateway, "sprint", "step", "wk1").code == 0
    commit(gateway, {"work": "theirs\n"})

    said = run_command(gateway, "sprint", "run", "wk1")
    git(gateway, "rm", "-q", "work")
    git(gateway, "commit", "-qm", "Out of the way")
    again = run_command(gateway, "sprint", "retry", "wk1")

    assert said.code == 3, said
    assert "ship_refused:it conflicts with main in work" in said.out
    assert again.code == 0, again
    shipped_once(gateway)


def test_a_base_that_moves_while_gates_judge_is_merged_and_judged_again(gateway):
    off = run_command(gateway, "config", "set", "confinement", "none")
    assert off.code == 0  # or the gate could not write there
    moves = f"git -C {gateway} -c user.name=a -c user.email=a@b commit -q --allow-empty -m moved"
    once = f"test -e {gateway}/.git/once || {{ touch {gateway}/.git/once; {moves}; }}"
    set_gate(gateway, f'sh -c "case $PWD in *~ship) {once};; esac; grep -q x work"')

    said = run(gateway)

    assert said.code == 0, said
    assert kinds(gateway)[:9] == [
        "ship_started", "ship_merged", "gate_started", "gate_finished", "paths_compared",
        "ship_publishing", "ship_moved", "ship_started", "ship_merged",
    ]  # fmt: skip
    assert "moved" in git(gateway, "log", "--format=%s", "main").split("\n")
    shipped_once(gateway)


def test_changes_that_are_not_committed_block_and_nothing_of_them_is_touched(gateway):
    (gateway / "README").write_text("in the middle of something\n")
    head = git(gateway, "rev-parse", "main")

    said = run(gateway)

    assert said.code == 3, said
    assert "has changes that are not committed (README); commit or stash them" in said.out
    assert (gateway / "README").read_text() == "in the middle of something\n"
    assert (git(gateway, "rev-parse", "main"), git(gateway, "tag")) == (head, "")
    git(gateway, "commit", "-qam", "Done with that")
    assert run_command(gateway, "sprint", "retry", "wk1").code == 0
    shipped_once(gateway)


POINTS = [
    "merge_started", "merge_committed", "checkout_locked", "checkout_changed", "ref_updated",
    "tag_made",
]  # fmt: skip


@pytest.mark.whole  # all of them in one sprint: test_git_kills
@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_the_next_run_ships_once(gateway, point):
    killed = run(gateway, f"{point}:1:sigkill")

    said = run_command(gateway, "sprint", "run", "wk1")

    assert killed.code == -signal.SIGKILL
    assert said.code == 0, said
    shipped_once(gateway)
    assert [path.name for path in clones_of(gateway).iterdir()] == ["wk1"]
    assert not [*(gateway / ".git").glob("index.lock"), *(gateway / ".git").glob("studio_*")]


def test_who_finds_out_what_became_of_a_merge_keeps_the_sprint_meanwhile(gateway):
    run(gateway, "merge_started:1:sigkill")
    slow = start(gateway, "sprint", "run", "wk1", STUDIO_FAULT="merge_started:1:sleep:12")
    beats = set()

    def beaten():
        with closing(sqlite3.connect(gateway / FOLDER / "gateway.sqlite3")) as database:
            beats.update(database.execute("SELECT lease_token, lease_beat FROM sprints_sprint"))
        return len({beat for token, beat in beats if token == max(beats)[0]}) > 2

    assert wait_for(beaten)
    assert kinds(gateway) == ["ship_started"]
    out, err = slow.communicate(timeout=90)
    assert (slow.returncode, err) == (0, ""), out
    shipped_once(gateway)


def test_killed_while_git_writes_into_the_checkout_the_next_run_ships_once(gateway):
    git(gateway, "config", "filter.slow.smudge", "sh -c 'touch .git/started; sleep 4; cat'")
    git(gateway, "config", "filter.slow.clean", "cat")
    (gateway / ".git" / "info").mkdir(exist_ok=True)
    assert run_command(gateway, "sprint", "create", "wk1").code == 0
    killed = start(gateway, "sprint", "run", "wk1")
    events = gateway / FOLDER / "events.jsonl"
    assert wait_for(lambda: "ship_merged" in events.read_text())
    # Only now: a sprint may not change a file with a filter.
    (gateway / ".git" / "info" / "attributes").write_text("work filter=slow\n")
    assert wait_for((gateway / ".git" / "started").exists)

    killed.kill()
    killed.communicate()
    said = run_command(gateway, "sprint", "run", "wk1")

    assert said.code == 0, said
    shipped_once(gateway)


def test_a_certificate_that_events_or_logs_do_not_bear_out_is_found_out(gateway, tmp_path):
    assert run(gateway).code == 0
    logs = gateway / FOLDER / "artifacts/wk1/gates/qa_smoke_quick/runs"
    newest = max(logs.iterdir(), key=lambda path: int(path.name))
    (newest / "stdout.txt").write_text("another\n")
    few = tmp_path / "few.jsonl"
    lines = (gateway / FOLDER / "events.jsonl").read_text().splitlines(keepends=True)
    few.write_text("".join(lines[:5]))

    log = run_command(gateway, "verify", "--tag", "shipped/wk1")
    cut = run_command(gateway, "verify", str(few), "--tag", "shipped/wk1")
    none = run_command(gateway, "verify", "--tag", "nothing")

    assert (log.code, log.out) == (
        1, f"false: stdout of run {newest.name} of gate qa_smoke_quick is another\n",
    )  # fmt: skip
    assert cut.code == 1
    assert "false: no event has the hash" in cut.out
    assert (none.code, none.err) == (2, "error: there is no tag nothing\n")


def forged(repo: Path, facts: dict):
    """What ``verify`` says once the tag has that certificate."""
    found = git(repo, "cat-file", "tag", "shipped/wk1")
    text = found[: found.index("{\n")] + json.dumps(facts, indent=2, sort_keys=True) + "\n"
    made = subprocess.run(
        ["git", "mktag"], cwd=repo, input=text.encode(), capture_output=True, check=True
    )
    git(repo, "update-ref", "refs/tags/shipped/wk1", made.stdout.decode().strip())
    return run_command(repo, "verify", "--tag", "shipped/wk1")


def test_every_part_of_a_certificate_is_held_against_the_events(gateway):
    added = run_command(
        gateway, "gate", "add", "second", "--command", "true", "--rounds", "R5_RELEASE_CANDIDATE"
    )
    assert added.code == 0, added
    assert run(gateway).code == 0
    text = git(gateway, "cat-file", "tag", "shipped/wk1")
    facts = json.loads(text[text.index("{\n") :])
    first, second = facts["gates"]
    events = events_of(gateway, "wk1")
    ends = [e["data"] for e in events if e["kind"] == "gate_finished" and "tree" in e["data"]]
    earlier = next(e["number"] for e in ends if e["gate_id"] == second["gate_id"])
    shutil.rmtree(gateway / FOLDER / "artifacts" / "wk1" / "gates")

    lies = {
        "its branch is release, and was main when published": {"branch": "release"},
        "its published_ts is 1999": {"published_ts": "1999-01-01T00:00:00Z"},
        "its record is ffff": {"record": "f" * 64},
        "its incarnation is another": {"incarnation": "another"},
        "its contract is cccc": {"contract": "c" * 64},
        "does not tell that wk1 is published": {"chain": events[-1]["hash"]},
        "is not its last on what was merged": {"gates": [first, second | {"run": earlier}]},
        "was of another definition": {"gates": [first | {"digest": "f" * 64}, second]},
        "was another when it ended": {"gates": [first | {"stdout_sha256": "0" * 64}, second]},
        f"gate {first['gate_id']} had to pass, and is not in it": {"gates": [second]},
        "or not twice": {"gates": [first, second, second]},
    }
    for words, lie in lies.items():
        said = forged(gateway, facts | lie)
        assert (said.code, said.err) == (1, ""), (words, said)
        assert words in said.out
    unreadable = [
        {"gates": [first | {"run": [1]}]}, {"gates": {"a": 1}}, {"sprint": "\0"},
        {"branch": "\x1b[2J"}, {"published_ts": 7}, {"gates": [first | {"exit_code": True}]},
    ]  # fmt: skip
    for lie in unreadable:
        said = forged(gateway, facts | lie)
        assert (said.code, said.err) == (
            2, "error: the tag shipped/wk1 has no certificate that can be read\n",
        )  # fmt: skip
    true = forged(gateway, facts)
    assert true.code == 0, true


def test_to_ship_without_a_gate_that_has_to_pass_is_refused(gateway):
    set_gate(gateway, "true", "--advisory")

    said = run(gateway)

    assert said.code == 2
    assert said.err.startswith(
        "error: enable_auto_merge needs a required gate in R5_RELEASE_CANDIDATE; see: "
    )
    assert [event["kind"] for event in events_of(gateway, "wk1")] == ["sprint_created"]
