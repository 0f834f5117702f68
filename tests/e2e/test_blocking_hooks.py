"""Test that a sprint waits for its blocking hooks, whatever they do and whatever is killed."""

import json
import os
import signal
from pathlib import Path

from tests.e2e.conftest import processes_of, set_gate, start, wait_for
from tests.e2e.test_crashes import check_store, events_of
from tests.e2e.test_hooks import FIRST_TIME_LONG, RECORD, add, deliveries, run, told
from tests.world import run_command


def sprint(repo: Path, name: str) -> dict:
    """The sprint as state.json has it."""
    state = json.loads((repo / ".studio_gateway/state.json").read_text())
    found: dict = state["sprints"][name]
    return found


def test_a_hook_that_says_no_blocks_with_3_and_a_retry_leads_on(gateway):
    add(gateway, "guard", "round_done", "print('not yet'); exit(7)", "--blocking", "--tries=1")

    said = run(gateway, "wk1")
    blocked = sprint(gateway, "wk1")
    listed = json.loads(run_command(gateway, "sprint", "list", "--json").out)
    (gateway / "guard.py").write_text(RECORD)
    again = run_command(gateway, "sprint", "retry", "wk1")

    assert said.code == 3
    assert "wk1 is blocked: hook_failed:guard exit code 7" in said.out
    assert "next: studio-gateway sprint retry wk1" in said.out
    assert (blocked["status"], blocked["current_round"]) == ("blocked", "R0_SETUP")
    assert blocked["rounds"]["R0_SETUP"]["status"] == "blocked"
    assert listed[0]["waiting_for"]["who"] == "an operator"
    assert again.code == 0, again
    assert len(told(gateway)) == 6
    assert deliveries(gateway)[0]["output"] == "not yet\n"
    check_store(gateway)


def test_a_blocking_hook_is_told_what_it_is_about_before_the_step(gateway):
    add(gateway, "guard", "gate_start,gate_done", RECORD, "--blocking")

    assert run(gateway, "wk1").code == 0

    calls = [call["given"] for call in told(gateway)]
    assert [call["type"] for call in calls] == ["gate_start", "gate_done"] * 2
    assert {call["data"]["gate_id"] for call in calls} == {"qa_smoke_quick"}
    kinds = [
        e["kind"] for e in events_of(gateway, "wk1") if "hook" in e["kind"] or "gate" in e["kind"]
    ]
    around = ["hook_started", "hook_finished"]
    assert kinds == [*around, "gate_started", "gate_finished", *around] * 2
    check_store(gateway)


def test_kill_9_in_the_middle_of_a_blocking_hook_brings_it_again_under_the_same_id(gateway):
    add(gateway, "guard", "round_start", RECORD + FIRST_TIME_LONG, "--blocking", "--timeout=60")
    assert run_command(gateway, "sprint", "create", "wk1").code == 0
    running = start(gateway, "sprint", "run", "wk1")
    assert wait_for(lambda: len(told(gateway)) == 1)

    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    said = run_command(gateway, "sprint", "run", "wk1")

    assert said.code == 0, said
    ids = [call["env"]["STUDIO_DELIVERY_ID"] for call in told(gateway)]
    assert ids[0] == ids[1] == deliveries(gateway)[0]["id"]
    assert len(set(ids)) == 6
    check_store(gateway)


def test_a_cancel_ends_a_blocking_hook_that_hangs(gateway):
    add(gateway, "guard", "sprint_start", RECORD + FIRST_TIME_LONG, "--blocking", "--timeout=60")
    assert run_command(gateway, "sprint", "create", "wk1").code == 0
    running = start(gateway, "sprint", "run", "wk1")
    assert wait_for(lambda: len(told(gateway)) == 1)

    said = run_command(gateway, "sprint", "cancel", "wk1")

    running.communicate(timeout=90)
    assert (said.code, said.out) == (0, "wk1 cancelled\n")
    assert not any("guard.py" in line for line in processes_of(gateway))
    assert [row["status"] for row in deliveries(gateway)] == ["dropped"]


def test_a_sprint_that_runs_keeps_the_hooks_that_it_started_with(gateway):
    add(gateway, "guard", "round_start", RECORD, "--blocking")
    assert run_command(gateway, "sprint", "create", "wk1").code == 0
    assert run_command(gateway, "sprint", "step", "wk1").code == 0

    assert run_command(gateway, "hook", "remove", "guard").code == 0
    assert run_command(gateway, "sprint", "run", "wk1").code == 0

    assert len(told(gateway)) == 6


CHAIN = """
import os, subprocess, sys
name = os.environ["STUDIO_SPRINT_ID"] + "x"
for act in (["create", name], ["run", name, "--queue"]):
    subprocess.run([sys.executable, "-m", "studio_gateway", "sprint", *act], check=True)
"""


def test_a_blocking_hook_cannot_start_a_sprint_that_would_wait_for_it(gateway):
    add(gateway, "chain", "sprint_start", CHAIN, "--blocking", "--tries=1")

    assert run(gateway, "a").code == 3

    assert (
        "a hook cannot start a sprint that waits for a hook (chain)"
        in deliveries(gateway)[0]["output"]
    )
    assert sprint(gateway, "ax")["status"] == "created"


def test_blocking_and_plain_hooks_do_not_hinder_each_other(gateway):
    set_gate(gateway, "true")
    add(gateway, "guard", "round_done", RECORD, "--blocking")
    add(gateway, "tell", "round_done", RECORD)

    assert run(gateway, "wk1").code == 0

    ids = {call["env"]["STUDIO_DELIVERY_ID"] for call in told(gateway)}
    assert len(ids) == 12
    assert {row["status"] for row in deliveries(gateway)} == {"delivered"}
