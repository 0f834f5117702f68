"""Test the progress display on a terminal while a sprint runs."""

import os
import pty
import re
import sys

from tests.checkout import commit
from tests.e2e.conftest import set_gate
from tests.world import environment, run_command

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def on_a_terminal(repo, *argv: str) -> tuple[int, str]:
    """Run a command with a terminal of its own; its exit code, and all that it wrote there."""
    pid, master = pty.fork()
    if pid == 0:
        env = environment(repo) | {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
        os.chdir(repo)
        os.execve(sys.executable, [sys.executable, "-m", "studio_gateway", *argv], env)
    written = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        written += piece
    os.close(master)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code, ESCAPES.sub("", written.decode())


def test_a_terminal_shows_rounds_gates_time_and_the_gates_last_line(gateway):
    set_gate(gateway, "sh -c 'echo first; echo almost there; sleep 1'")
    run_command(gateway, "sprint", "create", "one")

    code, screen = on_a_terminal(gateway, "sprint", "run", "one")

    assert code == 0, screen
    for shown in ("✓", "R0", "Release candidate", "qa_smoke_quick running", "almost there"):
        assert shown in screen, shown
    assert re.search(r"one  \d+ s  gate qa_smoke_quick", screen)
    assert screen.rstrip().endswith("one succeeded")


def test_a_terminal_shows_what_an_agent_prints_that_is_a_program(gateway):
    commit(gateway, {"a.txt": "a"})
    speak = "sh -c 'echo I am thinking; sleep 1; echo Status: DONE'"
    run_command(gateway, "agent", "set", "agent_01", "--command", speak)
    run_command(gateway, "sprint", "create", "one")

    code, screen = on_a_terminal(gateway, "sprint", "step", "one")

    assert code == 0, screen
    for shown in ("agent agent_01", "I am thinking"):
        assert shown in screen, shown


def test_a_terminal_shows_what_failed_and_what_to_type_next(gateway):
    set_gate(gateway, "sh -c 'echo boom; exit 7'")
    run_command(gateway, "sprint", "create", "one")

    code, screen = on_a_terminal(gateway, "sprint", "run", "one")

    assert code == 1
    assert "✗" in screen
    assert "one failed: gate_failed:qa_smoke_quick exit_code=7" in screen
    assert "next: studio-gateway sprint retry one" in screen


def test_a_terminal_shows_what_an_earlier_attempt_has_done(gateway):
    set_gate(gateway, "false")
    run_command(gateway, "sprint", "create", "one")
    run_command(gateway, "sprint", "run", "one")
    set_gate(gateway, "true")

    code, screen = on_a_terminal(gateway, "sprint", "retry", "one")

    assert code == 0, screen
    shown = re.findall(r"✓ +(R[0-5])", screen)
    assert shown[-6:] == ["R0", "R1", "R2", "R3", "R4", "R5"], screen


def test_status_is_a_table_on_a_terminal_and_json_in_a_pipe(gateway):
    run_command(gateway, "sprint", "create", "one", "--title", "The first")

    _, screen = on_a_terminal(gateway, "status")
    piped = run_command(gateway, "status")

    assert "Studio Gateway" in screen
    assert "The first" in screen
    assert piped.out.startswith("{")
