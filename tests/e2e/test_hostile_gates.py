"""Test every way in which a gate can misbehave: verdict, exit code, events, evidence, processes."""

import json
import signal
import sys
from pathlib import Path

import pytest

from tests import studio
from tests.e2e.conftest import processes_of, wait_for

MIB = 1 << 20


def program(repo: Path, text: str, *, mode: int = 0o755) -> str:
    """A program of the repository's own."""
    path = repo / "gate.sh"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


CASES = {
    # name: (program, mode, settings of the gate), verdict, exit code, words of the reason
    "red": ("#!/bin/sh\nexit 3\n", 0o755, {}, "failed", 3, "exit code 3"),
    "not executable": ("#!/bin/sh\n", 0o644, {}, "error", 126, "not executable"),
    "bad interpreter": ("#!/no/such/shell\n", 0o755, {}, "error", 126, "the interpreter of"),
    "ignores SIGTERM": (
        "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.1; done\n",
        0o755,
        {"timeout_s": 0.6, "grace_s": 0.3},
        "timed_out",
        -signal.SIGKILL,
        "ignored SIGTERM",
    ),
    "over its time": (
        "#!/bin/sh\necho so far\nsleep 300\n",
        0o755,
        {"timeout_s": 0.6, "grace_s": 0.3},
        "timed_out",
        -signal.SIGTERM,
        "stopped after 0.",
    ),
    "killed by a signal": (
        "#!/bin/sh\nkill -SEGV $$\n",
        0o755,
        {},
        "failed",
        -signal.SIGSEGV,
        "SIGSEGV",
    ),
    "1 GB without a newline": (
        "#!/bin/sh\nhead -c 1000000000 /dev/zero\n",
        0o755,
        {"cap_bytes": MIB},
        "error",
        -signal.SIGKILL,
        "printed more than 1 MiB",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_gate_that_is_not_green_ends_the_sprint_with_a_clear_reason(store, name):
    text, mode, settings, verdict, exit_code, words = CASES[name]
    studio.gate(program(store.repo, text, mode=mode), **settings)
    studio.create("wk1")

    after = studio.run("wk1")

    run = studio.gate_run()
    assert (run.status, run.exit_code) == (verdict, exit_code), run.reason
    assert words in run.reason
    assert after.sprint.status == "failed"
    assert after.sprint.last_error == f"gate_failed:qa_smoke_quick exit_code={exit_code}"
    told = studio.events(sprint_id="wk1")
    assert [event["kind"] for event in told[-3:]] == ["gate_started", "gate_finished", "error"]
    assert told[-2]["data"]["exit_code"] == exit_code
    assert told[-2]["data"]["verdict"] == verdict
    assert Path(run.stdout_path).exists()
    assert Path(run.stderr_path).exists()
    assert wait_for(lambda: not processes_of(store.repo)), processes_of(store.repo)
    studio.settle_files()
    assert studio.differences() == []


def test_a_missing_program_is_an_error_with_exit_code_127(store):
    studio.gate("no-such-program-anywhere")
    studio.create("wk1")

    studio.run("wk1")

    run = studio.gate_run()
    assert (run.status, run.exit_code) == ("error", 127)
    assert "no-such-program-anywhere" in run.reason


def test_what_a_loud_gate_printed_is_kept_up_to_its_cap(store):
    studio.gate(program(store.repo, CASES["1 GB without a newline"][0]), cap_bytes=MIB)
    studio.create("wk1")

    studio.run("wk1")

    run = studio.gate_run()
    assert Path(run.stdout_path).stat().st_size == MIB
    finished = studio.event("gate_finished")
    assert finished["data"]["dropped_bytes"] > 0


def test_a_grandchild_that_holds_the_output_delays_no_verdict_and_is_ended(store):
    studio.gate(
        program(store.repo, "#!/bin/sh\n(setsid sleep 300 &)\nsleep 300 &\necho ok\nexit 0\n")
    )
    studio.create("wk1")

    after = studio.run("wk1")

    assert after.sprint.status == "succeeded"
    assert all(run.duration_s < 5 for run in studio.gate_runs())
    assert wait_for(lambda: not processes_of(store.repo)), processes_of(store.repo)
    assert studio.events("gate_finished")[0]["data"]["strays_killed"] == 2


def test_binary_output_is_kept_byte_for_byte_and_stdin_is_empty(store):
    octets = "".join(f"\\{n:03o}" for n in range(256))
    studio.gate(program(store.repo, f"#!/bin/sh\nprintf '{octets}'\ncat; cat >&2 </dev/stdin\n"))
    studio.create("wk1")

    after = studio.run("wk1")

    assert after.sprint.status == "succeeded"
    run = studio.gate_runs()[0]
    assert Path(run.stdout_path).read_bytes() == bytes(range(256))
    assert Path(run.stderr_path).read_bytes() == b""


def test_every_run_keeps_its_evidence_and_the_latest_has_the_documented_name(store):
    script = '#!/bin/sh\nn=$(cat n 2>/dev/null || echo 0)\nn=$((n+1)); echo $n > n; echo "run $n"\n'
    studio.gate(program(store.repo, script + "[ $n -ne 2 ]\n"))
    studio.create("wk1")

    assert studio.run("wk1").sprint.status == "failed"
    assert studio.retry("wk1").sprint.status == "succeeded"

    folder = store.artifacts / "wk1/gates/qa_smoke_quick"
    texts = [(folder / f"runs/{n}/stdout.txt").read_text() for n in (1, 2, 3)]
    assert texts == ["run 1\n", "run 2\n", "run 3\n"]
    assert (folder / "stdout.txt").read_text() == "run 3\n"
    studio.settle_files()
    state = json.loads(store.state.read_text())["sprints"]["wk1"]
    assert state["gates"]["qa_smoke_quick"]["stdout_path"] == str(folder / "stdout.txt")
    assert [(run.number, run.attempt, run.status) for run in studio.gate_runs()] == [
        (1, 1, "passed"),
        (2, 1, "failed"),
        (3, 2, "passed"),
    ]


def test_a_gate_sees_no_key_of_the_gateway_and_no_screen(store, monkeypatch):
    monkeypatch.setenv("STUDIO_GATEWAY_SECRET_KEY", "canary")
    monkeypatch.setenv("DATABASE_URL", "postgres://canary")
    monkeypatch.setenv("SDL_AUDIODRIVER", "pulse")
    studio.gate("env", env={"MINE": "yes"})
    studio.create("wk1")

    studio.run("wk1")

    seen = (store.artifacts / "wk1/gates/qa_smoke_quick/stdout.txt").read_text()
    assert "canary" not in seen
    assert "DJANGO_SETTINGS_MODULE" not in seen
    for line in ("SDL_VIDEODRIVER=dummy", "SDL_AUDIODRIVER=pulse", "MINE=yes"):
        assert f"{line}\n" in seen


def test_python_means_our_interpreter_where_none_is_on_path(store, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    studio.gate("python", "-c", "import sys; print(sys.executable)")
    studio.create("wk1")

    after = studio.run("wk1")

    assert after.sprint.status == "succeeded"
    seen = (store.artifacts / "wk1/gates/qa_smoke_quick/stdout.txt").read_text()
    assert Path(seen.strip()).samefile(sys.executable)


def test_a_round_under_stop_cuts_its_gate_at_the_end_of_its_minutes(store):
    studio.gate("sleep", "300", timeout_s=2.0, grace_s=0.1)
    studio.create("wk1", deadline="stop")

    minutes = {"R3_BUILD_A_INTEGRATE": [0, 1.0 / 30]}
    studio.forge(
        "sprint",
        "wk1",
        meta={"created_by": "test", "round_deadline": "stop", "round_minutes": minutes},
    )

    after = studio.run("wk1")

    assert after.sprint.status == "failed"
    run = studio.gate_run()
    assert run.status == "timed_out"
    assert run.reason.startswith("the minutes of R3_BUILD_A_INTEGRATE ended; stopped")
