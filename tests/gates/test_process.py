"""Test starting real programs: outputs, limits, ends, and that no process remains."""

import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from gates import process, process_table
from gates.process import Completed, Identity, Spec, Stop
from tests import forked

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = Path(__file__).with_name("hostile")
PYTHON = (sys.executable, "-I", "-S")
PATH = "/usr/local/bin:/usr/bin:/bin"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux shows what is left running")


@pytest.fixture
def run_id() -> Iterator[str]:
    """The cookie of the test's gates; once the test is over, no process may carry it."""
    name = f"test-{uuid.uuid4().hex}"
    yield name
    process.cool()
    carriers = process_table.with_variable("STUDIO_GATEWAY_RUN", name)
    assert not carriers, "a process of the gate is alive"
    assert not children(os.getpid()), "a supervisor is alive"


@pytest.fixture
def gate(tmp_path: Path, run_id: str) -> Callable[..., Spec]:
    """The spec of a gate that runs the words in an empty folder."""
    (tmp_path / "tree").mkdir()

    def spec(*argv: str, **changes: Any) -> Spec:
        plain = Spec(
            argv=argv,
            cwd=tmp_path / "tree",
            env={"PATH": PATH},
            run_dir=tmp_path / "run",
            run_id=run_id,
            token=f"{run_id}.1",
            timeout_s=20.0,
        )
        return replace(plain, **changes)

    return spec


def hostile(name: str, *argv: str) -> tuple[str, ...]:
    """The words that start one of the programs beside this file."""
    return (*PYTHON, str(HOSTILE / f"{name}.py"), *argv)


def output(spec: Spec) -> bytes:
    return (spec.run_dir / "stdout.txt").read_bytes()


def timed(spec: Spec, **more: Any) -> tuple[Completed, float]:
    begun = time.monotonic()
    return process.run(spec, **more), time.monotonic() - begun


def until(holds: Callable[[], Any], within_s: float = 60.0) -> Any:
    """What ``holds`` gives once it gives something; fails the test when that takes too long."""
    give_up_at = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < give_up_at, "it did not come to that in time"
        time.sleep(0.01)
    return found


def dead(pid: int) -> bool:
    found = process_table.look(pid)
    return found is None or found.dead


def named_in(path: Path) -> int:
    """The pid in a file that a gate writes, once it has."""
    return int(until(lambda: path.exists() and path.read_text()))


def identity_of(spec: Spec) -> dict[str, Any]:
    """What ``process.json`` says, once it does."""
    path = spec.run_dir / "process.json"
    identity: dict[str, Any] = json.loads(until(lambda: path.exists() and path.read_text()))
    return identity


def children(pid: int) -> list[int]:
    below = [one.pid for one in process_table.descendants(pid) if one.parent == pid]
    return [one for one in below if one not in forked.pids()]


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Another process that runs gates: each spec in a thread of its own, one supervisor spare."""
    workers: list[subprocess.Popen] = []

    def start(*specs: Spec, more: str = "") -> subprocess.Popen:
        path = tmp_path / "specs.json"
        path.write_text(json.dumps([asdict(spec) for spec in specs], default=str))
        workers.append(subprocess.Popen([sys.executable, "-c", WORKER + more, str(path)], cwd=ROOT))
        return workers[-1]

    yield start
    for popen in workers:
        popen.kill()
        popen.wait()


WORKER = """
import json, os, sys, threading, time
from pathlib import Path
from gates import process
process.warm()
for data in json.loads(Path(sys.argv[1]).read_text()):
    paths = {name: Path(data[name]) for name in ("cwd", "run_dir")}
    spec = process.Spec(**{**data, **paths, "argv": tuple(data["argv"])})
    threading.Thread(target=process.run, args=(spec,)).start()
"""


# How a gate ends


def test_a_gate_that_passes_says_so_with_its_numbers(gate):
    spec = gate("sh", "-c", "echo out; echo error >&2")
    before = time.time()

    done = process.run(spec)

    assert (done.ending, done.exit_code, done.reason) == ("exited", 0, "exit code 0")
    assert (done.stdout_bytes, done.stderr_bytes, done.dropped_bytes) == (4, 6, 0)
    assert (done.strays_killed, done.confined) == (0, True)
    assert before <= done.started_at <= done.finished_at <= time.time()
    assert 0 < done.duration_s < 5


def test_an_exit_code_comes_back_as_it_is(gate):
    done = process.run(gate("sh", "-c", "exit 3"))

    assert (done.ending, done.exit_code, done.reason) == ("exited", 3, "exit code 3")


def test_death_by_a_signal_is_a_negative_exit_code(gate):
    done = process.run(gate("sh", "-c", "kill -SEGV $$"))

    assert (done.ending, done.exit_code, done.reason) == ("signalled", -11, "killed by SIGSEGV")


@pytest.mark.parametrize(
    ("name", "ending", "exit_code", "reason"),
    [
        ("no-such-program", "missing", 127, "no such program: no-such-program"),
        ("./absent", "missing", 127, "no such program: ./absent"),
        ("./plain", "not_executable", 126, "not executable: ./plain"),
        ("./folder", "not_executable", 126, "not executable: ./folder is a directory"),
        ("./lost", "not_executable", 126, "not executable: the interpreter of ./lost is missing"),
        ("./bare", "not_executable", 126, "not executable: ./bare has no #! line"),
        ("two\nlines", "missing", 127, "no such program: 'two\\nlines'"),
    ],
)
def test_what_cannot_be_run_is_named(gate, name, ending, exit_code, reason):
    spec = gate(name)
    (spec.cwd / "folder").mkdir()
    for file, text, mode in (
        ("plain", "#!/bin/sh\n", 0o644),
        ("lost", "#!/no/such/shell\n", 0o755),
        ("bare", "true\n", 0o755),
    ):
        (spec.cwd / file).write_text(text)
        (spec.cwd / file).chmod(mode)

    done = process.run(spec)

    assert (done.ending, done.exit_code, done.reason) == (ending, exit_code, reason)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"argv": ()}, "the command is empty"),
        ({"argv": ("true", "a\0b")}, "the command contains a NUL byte"),
        ({"argv": ("true", "\ud800")}, "the command contains a character that no file name"),
        ({"env": {"A": "\0"}}, "the environment contains a NUL byte"),
        ({"env": {"A=B": "1"}}, "an environment variable cannot be named 'A=B'"),
        ({"cwd": Path("/no/such/folder")}, "cannot enter /no/such/folder: No such file"),
        ({"stdin": Path("/no/such/input")}, "cannot read /no/such/input: No such file"),
        ({"stdin": Path("a\0b")}, "the input contains a NUL byte"),
        ({"run_dir": Path("/dev/null/run")}, "cannot start: Not a directory"),
        ({"argv": ("true", "x" * 3_000_000)}, "cannot start true: Argument list too long"),
    ],
)
def test_what_no_system_could_run_is_an_error_in_words(gate, change, reason):
    done = process.run(gate("true", **change))

    assert (done.ending, done.exit_code) == ("error", None)
    assert done.reason.startswith(reason)


def test_a_program_is_sought_in_the_path_of_the_gate(gate):
    spec = gate("tool")
    (spec.cwd / "tool").write_text("#!/bin/sh\nexit 7\n")
    (spec.cwd / "tool").chmod(0o755)

    done = process.run(replace(spec, env={"PATH": f"/no/such/folder:{spec.cwd}"}))

    assert done.exit_code == 7


# How a gate is stopped


def test_a_gate_that_takes_too_long_is_stopped(gate):
    done = process.run(gate("sleep", "300", timeout_s=0.3))

    assert (done.ending, done.exit_code) == ("timed_out", -signal.SIGTERM)
    assert re.fullmatch(r"stopped after \d\.\d s \(SIGTERM\)", done.reason)
    assert 0.3 <= done.duration_s < 2


def test_a_gate_may_clean_up_in_its_grace(gate):
    script = "trap 'echo cleaned; exit 5' TERM; while :; do sleep 0.05; done"
    spec = gate("sh", "-c", script, timeout_s=0.3)

    done = process.run(spec)

    assert (done.ending, done.exit_code, output(spec)) == ("timed_out", 5, b"cleaned\n")
    assert re.fullmatch(r"stopped after \d\.\d s \(exit code 5\)", done.reason)


def test_a_gate_that_ignores_sigterm_is_killed_after_its_grace(gate):
    spec = gate(*hostile("deaf"), timeout_s=0.5, grace_s=0.5)

    done = process.run(spec)

    assert output(spec) == b"deaf\ndeaf\n"
    assert (done.ending, done.exit_code) == ("timed_out", -signal.SIGKILL)
    assert done.reason.endswith("s (SIGKILL, as it ignored SIGTERM)")
    assert done.duration_s >= 1.0


def test_a_gate_that_stopped_itself_still_gets_its_sigterm(gate):
    script = "trap 'echo woken; exit 0' TERM; kill -STOP $$"
    spec = gate("sh", "-c", script, timeout_s=0.3, grace_s=10.0)

    done, took_s = timed(spec)

    assert (done.ending, done.exit_code, output(spec)) == ("timed_out", 0, b"woken\n")
    assert took_s < 5


def test_a_tick_stops_a_gate_within_a_second(gate):
    done, took_s = timed(gate("sleep", "300"), tick=lambda: Stop("cancelled"))

    assert (done.ending, done.exit_code) == ("stopped", -signal.SIGTERM)
    assert re.fullmatch(r"cancelled; stopped after \d\.\d s \(SIGTERM\)", done.reason)
    assert took_s < 1


def test_a_second_tick_may_cut_the_grace(gate):
    spec = gate(*hostile("deaf"), grace_s=60.0)
    asked: list[Stop] = []

    def tick() -> Stop | None:
        if not output(spec):
            return None  # it does not ignore SIGTERM yet
        asked.append(Stop("cancelled", kill=len(asked) > 2))
        return asked[-1]

    done, took_s = timed(spec, tick=tick)

    assert (done.ending, done.exit_code) == ("stopped", -signal.SIGKILL)
    assert took_s < spec.grace_s


def test_a_tick_that_raises_ends_the_gate_and_raises(gate):
    spec = gate("sh", "-c", "echo $$ > pid; sleep 300")

    def tick() -> Stop | None:
        if (spec.cwd / "pid").exists():
            raise KeyboardInterrupt
        return None

    process.warm()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        process.run(spec, tick=tick)

    assert time.monotonic() - begun < 2
    assert dead(named_in(spec.cwd / "pid"))


# What a gate leaves


def test_the_verdict_comes_with_the_gates_own_end(gate):
    spec = gate("sh", "-c", "sleep 300 & echo done")

    done, took_s = timed(spec)

    assert (done.ending, done.exit_code, output(spec)) == ("exited", 0, b"done\n")
    assert (done.strays_killed, done.duration_s < 0.5, took_s < 1) == (1, True, True)


def test_what_ends_soon_after_its_gate_is_no_stray(gate):
    done = process.run(gate("sh", "-c", "sleep 0.02 &"))

    assert (done.exit_code, done.strays_killed) == (0, 0)


@pytest.mark.parametrize(
    ("way", "ending", "strays"), [("exit", "exited", 1), ("stay", "timed_out", 0)]
)
def test_a_daemon_in_its_own_session_dies_with_its_gate(gate, way, ending, strays):
    spec = gate(*hostile("daemon", way, "pid"), timeout_s=2.0 if way == "exit" else 0.5)

    done, took_s = timed(spec)

    assert (done.ending, done.strays_killed) == (ending, strays)
    assert dead(named_in(spec.cwd / "pid"))
    assert took_s < 3


def test_a_stray_that_ignores_sigterm_is_killed(gate):
    deaf = " ".join(hostile("deaf"))
    ready = "[ $(wc -l < ../run/stdout.txt) = 2 ]"
    spec = gate("sh", "-c", f"{deaf} & until {ready}; do sleep 0.01; done")

    done, took_s = timed(spec)

    assert (done.ending, done.exit_code, done.strays_killed) == ("exited", 0, 2)
    assert took_s < 3


def test_a_process_that_keeps_hopping_away_is_caught(gate):
    done = process.run(gate(*hostile("hopper"), timeout_s=5.0))

    assert (done.ending, done.exit_code) == ("exited", 0)
    assert "could not be killed" not in done.reason


# What a gate prints


def test_output_is_kept_byte_for_byte(gate):
    spec = gate("sh", "-c", "cat data; cat data >&2")
    data = bytes(range(256)) * 4096 + b"\xff\xfe\xed\xa0\x80\r\n\0"
    (spec.cwd / "data").write_bytes(data)

    done = process.run(spec)

    assert output(spec) == data
    assert (spec.run_dir / "stderr.txt").read_bytes() == data
    assert (done.stdout_bytes, done.stderr_bytes) == (len(data), len(data))


def test_a_gigabyte_without_a_newline_is_stopped_at_the_cap(gate):
    spec = gate("dd", "if=/dev/zero", "bs=1M", "count=1024", cap_bytes=1 << 20)

    done = process.run(spec)

    assert (done.ending, done.exit_code) == ("too_loud", -signal.SIGKILL)
    assert done.reason.startswith("printed more than 1 MiB; stopped after")
    assert output(spec) == bytes(1 << 20)
    assert 0 < done.dropped_bytes < 1 << 30


@pytest.mark.parametrize(
    ("script", "left"),
    [
        ("echo why >&2; head -c 5000 /dev/zero", (996, 4)),
        ("echo out; head -c 5000 /dev/zero >&2", (4, 996)),
        ("head -c 2502 /dev/zero; head -c 2502 /dev/zero >&2", (500, 500)),
    ],
)
def test_the_cap_is_for_both_outputs_together_and_spares_the_shorter(gate, script, left):
    spec = gate("sh", "-c", script, cap_bytes=1000)

    done = process.run(spec)

    assert (done.ending, done.dropped_bytes) == ("too_loud", 4004)
    assert done.exit_code in (0, -signal.SIGKILL)  # by itself, unless it was seen before that
    assert (done.stdout_bytes, done.stderr_bytes) == left
    assert (len(output(spec)), (spec.run_dir / "stderr.txt").stat().st_size) == left


def test_a_run_is_not_mixed_with_an_earlier_one_in_its_folder(gate):
    process.run(gate("sh", "-c", "echo earlier; echo earlier >&2"))
    spec = gate("echo", "now")

    process.run(spec)

    assert output(spec) == b"now\n"
    assert (spec.run_dir / "stderr.txt").read_bytes() == b""


def test_a_link_in_place_of_an_output_is_not_followed(gate, tmp_path):
    spec = gate("echo", "hello")
    spec.run_dir.mkdir()
    (tmp_path / "precious").write_text("precious")
    (spec.run_dir / "stdout.txt").symlink_to(tmp_path / "precious")

    done = process.run(spec)

    assert (done.ending, done.reason.split(":")[0]) == ("error", "cannot start")
    assert (tmp_path / "precious").read_text() == "precious"


def test_a_gate_that_deletes_its_evidence_still_has_its_exit_code(gate):
    spec = gate("sh", "-c", "rm -r ../run; exit 4")

    done = process.run(spec)

    assert (done.exit_code, done.reason) == (4, "exit code 4; the folder of its output is gone")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_an_error_and_no_verdict(gate, small_disk):
    spec = gate("sh", "-c", "yes 2>/dev/null; sleep 300", run_dir=small_disk / "run")

    done, took_s = timed(spec)

    assert (done.ending, done.exit_code) == ("error", -signal.SIGKILL)
    assert done.reason.startswith("no space left on the disk for its output")
    assert took_s < 3


def test_output_is_as_fast_as_a_redirect_of_a_shell(gate, tmp_path, capsys):
    argv = ("dd", "if=/dev/zero", "bs=64k", "count=4096", "status=none")
    shell = ["sh", "-c", f"{' '.join(argv)} > {tmp_path / 'plain'}"]
    ours_s, shells_s = [], []
    for number in range(3):
        spec = gate(*argv, cap_bytes=1 << 30, run_dir=tmp_path / str(number))
        ours_s.append(process.run(spec).duration_s)
        begun = time.monotonic()
        subprocess.run(shell, check=True)
        shells_s.append(time.monotonic() - begun)

    ratio = min(ours_s) / min(shells_s)
    with capsys.disabled():
        sys.stdout.write(f"\n256 MiB in {min(ours_s):.2f} s, {ratio:.2f} of a shell's redirect\n")


# What a gate finds itself in


def test_a_gate_gets_nothing_of_ours(gate, run_id):
    spec = gate(*hostile("bearings"), env={"PATH": PATH, "GIVEN": "ü"})
    ours = os.dup2(0, 77, inheritable=True)

    try:
        process.run(spec)
    finally:
        os.close(ours)

    assert json.loads(output(spec)) == {
        "descriptors": [0, 1, 2],
        "terminal": False,
        "stdin": "",
        "leader": True,
        "env": {"PATH": PATH, "GIVEN": "ü", "STUDIO_GATEWAY_RUN": run_id},
        "cwd": str(spec.cwd),
    }


def test_a_program_reads_the_file_that_it_is_given_and_then_its_end(gate, tmp_path):
    given = tmp_path / "given.json"
    given.write_bytes(b"{}" * (1 << 20))

    done = process.run(gate("wc", "-c", stdin=given))

    assert done.exit_code == 0
    assert int((tmp_path / "run/stdout.txt").read_text()) == 2 << 20


def test_a_gate_ignores_and_blocks_no_signal_of_ours(gate):
    spec = gate("grep", "-E", "SigBlk|SigIgn", "/proc/self/status")
    was = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})

    try:
        process.run(spec)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        signal.signal(signal.SIGUSR1, was)

    masks = [int(word, 16) for word in output(spec).split()[1::2]]
    ours = sum(1 << (signum - 1) for signum in signal.valid_signals())  # not those of libc
    assert [mask & ours for mask in masks] == [0, 0]


def test_a_gate_cannot_read_the_keys_of_its_worker_from_its_supervisor(gate, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "precious")
    spec = gate("sh", "-c", "cat /proc/$PPID/environ")

    process.run(spec)

    assert b"precious" not in output(spec)


# Who may die


def test_nothing_outlives_a_killed_worker(gate, worker, tmp_path):
    script = "echo $$ > pid; (sleep 300; true) & sleep 300"
    specs = [
        gate("sh", "-c", script.replace("pid", name), run_dir=tmp_path / name) for name in "ab"
    ]
    ours = worker(*specs)
    pids = [named_in(specs[0].cwd / name) for name in "ab"]
    supervisors = until(lambda: len(found := children(ours.pid)) == 2 and found)

    ours.kill()
    ours.wait()

    until(lambda: all(map(dead, (*pids, *supervisors))))
    until(lambda: not process_table.with_variable("STUDIO_GATEWAY_RUN", specs[0].run_id))
    assert process.recover(specs[0].run_dir, specs[0].token) is None


def test_a_fork_of_the_worker_keeps_neither_gate_nor_spare_alive(gate, worker):
    spec = gate("sh", "-c", "echo $$ > pid; exec sleep 300", lease_s=60.0)
    script = f"""
folder = Path({str(spec.cwd)!r})
while not (folder / "pid").exists():
    time.sleep(0.01)
process.warm()
if (forked := os.fork()) == 0:
    time.sleep(20)
    os._exit(0)
begun = time.monotonic()
process.cool()
(folder / "took").write_text(str(time.monotonic() - begun))
(folder / "forked").write_text(str(forked))
"""
    ours = worker(spec, more=script)
    pid, forked = named_in(spec.cwd / "pid"), named_in(spec.cwd / "forked")

    ours.kill()
    ours.wait()

    until(lambda: dead(pid))
    assert float((spec.cwd / "took").read_text()) < 2
    assert not dead(forked)
    os.kill(forked, signal.SIGKILL)


def test_a_frozen_worker_loses_its_gate_with_its_lease(gate, worker):
    spec = gate("sh", "-c", "echo $$ > pid; exec sleep 300", lease_s=1.0)
    process.run(replace(spec, argv=("true",)))
    ours = worker(spec)
    pid = named_in(spec.cwd / "pid")
    time.sleep(1.5)
    assert not dead(pid), "the lease was renewed"

    ours.send_signal(signal.SIGSTOP)

    until(lambda: dead(pid))
    assert not (spec.run_dir / "result.json").exists()


def test_nothing_outlives_a_killed_supervisor(gate):
    script = "env -i sleep 300 & (setsid sleep 300 & sleep 300) & sleep 0.2; echo $$ > pid; wait"
    spec = gate("sh", "-c", script)
    below: list[int] = []

    def tick() -> None:
        if (spec.cwd / "pid").exists() and not below:
            supervisor = identity_of(spec)["supervisor_pid"]
            below.extend(one.pid for one in process_table.descendants(supervisor))
            os.kill(supervisor, signal.SIGKILL)

    done = process.run(spec, tick=tick)

    assert (done.ending, done.reason) == ("error", "the gate's supervisor died")
    assert len(below) >= 4
    assert all(map(dead, below))


def test_a_gate_that_kills_its_supervisor_and_hides_is_found(gate):
    script = (
        "setsid sleep 300 & echo $! > pid; echo > ../run/process.json; kill -9 $PPID; sleep 300"
    )
    spec = gate("sh", "-c", script)

    done = process.run(spec)

    assert (done.ending, done.reason) == ("error", "the gate's supervisor died")
    assert dead(named_in(spec.cwd / "pid"))


def test_a_frozen_supervisor_is_given_up(gate, monkeypatch):
    monkeypatch.setattr(process, "SLACK_S", 0.5)
    spec = gate("sh", "-c", "kill -STOP $PPID; sleep 300", timeout_s=0.5, grace_s=0.1)

    done, took_s = timed(spec)

    assert (done.ending, took_s < 3) == ("error", True)


def test_where_no_supervisor_can_be_had_the_gate_is_an_error(gate):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    spec = gate("true")
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))

    try:
        done = process.run(spec)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert (done.ending, done.reason) == ("error", "cannot start: Too many open files")


# What the next life does


def test_a_finished_result_is_adopted_by_its_token_only(gate):
    spec = gate("sh", "-c", "exit 3")
    done = process.run(spec)

    assert process.recover(spec.run_dir, "another token") is None
    assert process.recover(spec.run_dir, spec.token) == done


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"token": 1}', "\xff", "[" * 10_000])
def test_damaged_files_are_absent(gate, damage):
    spec = gate("true")
    process.run(spec)
    for name in ("result.json", "process.json"):
        (spec.run_dir / name).write_bytes(damage.encode("latin-1"))

    assert process.recover(spec.run_dir, spec.token) is None


def test_recovery_ends_what_a_dead_gateway_left(gate, worker):
    daemon = " ".join(hostile("daemon", "stay", "far"))
    script = f"{daemon} & env -i sleep 300 & echo $$ > pid; wait"
    spec = gate("sh", "-c", script, lease_s=60.0)
    ours = worker(spec)
    pid, far = named_in(spec.cwd / "pid"), named_in(spec.cwd / "far")
    supervisor = identity_of(spec)["supervisor_pid"]
    below = process_table.descendants(supervisor)
    os.kill(supervisor, signal.SIGSTOP)  # or it would see to it itself
    ours.kill()
    ours.wait()

    assert process.recover(spec.run_dir, spec.token) is None

    assert far in [one.pid for one in below]
    assert all(map(dead, (pid, supervisor, *(one.pid for one in below))))


def test_recovery_sweeps_what_lost_both_worker_and_supervisor(gate, worker):
    spec = gate(*hostile("deaf"), lease_s=60.0)
    ours = worker(spec)
    until(lambda: (spec.run_dir / "stdout.txt").exists() and output(spec) == b"deaf\n" * 2)
    ours.kill()
    os.kill(identity_of(spec)["supervisor_pid"], signal.SIGKILL)
    ours.wait()
    until(lambda: dead(identity_of(spec)["pid"]))  # the gate itself dies with its supervisor
    left = process_table.with_variable("STUDIO_GATEWAY_RUN", spec.run_id)

    assert process.recover(spec.run_dir, spec.token) is None

    assert left
    assert all(dead(one.pid) for one in left)


def test_recovery_spares_an_innocent_process_with_that_pid(gate):
    spec = gate("true")
    process.run(spec)
    identity = identity_of(spec)
    (spec.run_dir / "result.json").unlink()
    with subprocess.Popen(["sleep", "300"], start_new_session=True) as innocent:
        start = process_table.look(innocent.pid).start
        for change in ({"start_time": start - 1}, {"start_time": start, "boot_id": "another"}):
            stale = identity | {"pid": innocent.pid, "pgid": innocent.pid} | change
            (spec.run_dir / "process.json").write_text(json.dumps(stale))
            process.recover(spec.run_dir, spec.token)
        spared = innocent.poll() is None

        stale |= {"boot_id": identity["boot_id"]}
        (spec.run_dir / "process.json").write_text(json.dumps(stale))
        process.recover(spec.run_dir, spec.token)
        innocent.wait(5)

    assert spared
    assert innocent.returncode == -signal.SIGTERM


def test_a_sweep_counts_what_carries_the_cookie(run_id):
    env = {"PATH": PATH, "STUDIO_GATEWAY_RUN": run_id}
    started = [subprocess.Popen(["sleep", "300"], env=env) for _ in range(2)]

    killed = process.sweep(run_id)

    assert (killed, process.sweep(run_id)) == (2, 0)
    assert [popen.wait(5) for popen in started] == [-signal.SIGKILL] * 2


# Several at once, and in advance


def test_gates_run_side_by_side(gate, tmp_path):
    specs = [gate("sleep", "0.7", run_dir=tmp_path / str(n), token=str(n)) for n in range(3)]
    done: list[Completed] = []
    threads = [
        threading.Thread(target=lambda spec=spec: done.append(process.run(spec))) for spec in specs
    ]
    begun = time.monotonic()
    process.warm()

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [one.exit_code for one in done] == [0, 0, 0]
    assert time.monotonic() - begun < 2.0


def test_a_spare_supervisor_takes_one_gate_after_another(gate, tmp_path):
    specs = [gate("sh", "-c", f"exit {n}", run_dir=tmp_path / f"run{n}") for n in range(3)]
    process.warm()
    process.warm()
    (spare,) = children(os.getpid())

    codes = [process.run(spec).exit_code for spec in specs]

    assert codes == [0, 1, 2]
    assert [identity_of(spec)["supervisor_pid"] for spec in specs] == [spare] * 3
    if os.geteuid() == 0:  # its /proc is closed to everybody else
        assert open_files(spare) == open_files_of_a_fresh_one()


def test_a_stop_that_comes_too_late_does_not_meet_the_next_gate(gate, tmp_path):
    specs = [gate("true", run_dir=tmp_path / f"run{n}") for n in range(2)]
    process.warm()
    process.run(specs[0])
    (spare,) = process._spares

    spare.say(process.Stop("too late"))
    done = process.run(specs[1])

    assert (done.ending, done.exit_code) == ("exited", 0)
    assert identity_of(specs[1])["supervisor_pid"] == identity_of(specs[0])["supervisor_pid"]


def test_after_a_gate_that_could_not_be_started_the_next_one_runs(gate, tmp_path):
    broken = gate("true", run_dir=tmp_path / "file")
    (tmp_path / "file").write_text("not a folder")
    process.warm()

    process.run(broken)

    assert process.run(gate("true")).exit_code == 0


def open_files(pid: int) -> int:
    """How many descriptors a process holds."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def open_files_of_a_fresh_one() -> int:
    process.cool()
    process.warm()
    (spare,) = children(os.getpid())
    time.sleep(0.3)
    return open_files(spare)


def test_a_spare_that_was_killed_is_not_missed(gate):
    process.warm()
    (spare,) = children(os.getpid())
    os.kill(spare, signal.SIGKILL)
    until(lambda: dead(spare))

    done = process.run(gate("true"))

    assert done.exit_code == 0


def test_a_spare_does_not_outlive_its_worker(worker):
    ours = worker(more="\ntime.sleep(300)")
    (spare,) = until(lambda: children(ours.pid))

    ours.kill()
    ours.wait()

    until(lambda: dead(spare))


# Names of processes


def test_an_identity_survives_being_written_down():
    ours = process.identity()

    assert Identity.parse(str(ours)) == ours
    assert Identity.parse("host/-/7/-") == Identity("host", None, 7, None)
    assert (ours.host, ours.pid) == (socket.gethostname(), os.getpid())


def test_a_process_is_alive_until_it_ends_even_if_nobody_takes_note():
    ours = process.identity()
    with subprocess.Popen(["sleep", "300"]) as child:
        theirs = replace(ours, pid=child.pid, start=process_table.look(child.pid).start)
        before = process.is_alive(theirs)
        child.kill()
        until(lambda: process.is_alive(theirs) is False)  # a zombie by now

    assert before is True
    assert process.is_alive(ours) is True
    assert process.is_alive(replace(ours, start=ours.start + 1)) is False
    assert process.is_alive(replace(ours, boot="another")) is None
    assert process.is_alive(replace(ours, host="another")) is None


# Small commands


def test_a_small_command_is_captured():
    assert process.capture(["sh", "-c", "echo out; echo err >&2; exit 3"], timeout_s=5) == (
        3,
        "out\nerr\n",
    )
    assert process.capture(["absent"], timeout_s=5) == (127, "no such program: absent")
    assert process.capture(["/no/such/program"], timeout_s=5)[0] == 127
    assert process.capture(["/"], timeout_s=5)[0] == 126


def test_a_small_command_is_not_waited_for_for_ever(tmp_path):
    begun = time.monotonic()
    slow = ["sh", "-c", "sleep 300 & echo $! > pid; sleep 300"]

    assert process.capture(slow, timeout_s=0.3, cwd=tmp_path)[0] == 124
    until(lambda: dead(named_in(tmp_path / "pid")))
    assert process.capture(["sh", "-c", "sleep 3 & echo started"], timeout_s=2) == (0, "started\n")
    assert time.monotonic() - begun < 2
