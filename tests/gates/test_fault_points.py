"""Test the fault points: each is where its name says, and works only on request."""

import ast
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gates import fault_points
from tests.world import ROOT, environment, run_command

SOURCES = [path for name in ("gates", "sprints") for path in sorted((ROOT / name).rglob("*.py"))]

# What writes so that it lasts and has no point of its own, and why that is enough.
NO_POINT = {
    "sprints/operations/archive_writer.py:_add": "a copy that breaks off is no store, and says so",
    "sprints/operations/archive_writer.py:close": "the same",
    "sprints/operations/archive_writer.py:copy_to": "the same",
    "sprints/management/commands/agent.py:_keep": "a file of the caller's, beside the store",
    "sprints/operations/import_source.py:_write": "beside the store: an import begins anew there",
    "sprints/operations/import_store.py:_keep_aside": "the same",
    "gates/fault_points.py:fsync": "it is the point",
    "sprints/git/gateway_repo.py:own_clone": "an empty repository, made again where it lacks",
    "sprints/git/gateway_repo.py:configure": "written again wherever it differs",
    "sprints/git/object_check.py:_known": "made beside and renamed, and made again where it lacks",
    "sprints/git/repair.py:mend": "packs that are moved one by one; who lacks one mends again",
    "sprints/git/clone_walk.py:move_away": "of a clone, which is made again where it lacks",
    "sprints/git/update_checkout.py:_end": "after ref_updated, and repeated by who finds it",
    "sprints/git/index_lock.py:_take": "a lock that is ours already, taken over",
    "gates/removal.py:_flatten": "of what is being deleted",
    "gates/evidence.py:prepare": "empty files of a run that is on record already",
    "gates/evidence.py:_show": "a second name of evidence",
    "gates/evidence.py:_copy": "a second name, made again when the run is recovered",
    "gates/supervision/output.py:sync": "between gate_ended and result_stored",
    "gates/supervision/output.py:write": "between gate_launched, gate_ended and result_stored",
    "sprints/journal/events_file.py:catch_up": "right after after_event_append",
    "sprints/journal/events_file.py:set_aside": "a copy is kept first; a repeated adopt goes on",
    "sprints/journal/state_file.py:_sync_folder": "right after after_state_rename",
    "sprints/store/clones.py:point": "right before clones_named",
    "sprints/store/clones.py:_hold": "a second name, made again where it lacks",
    "gates/private_home.py:_overwrite": "of the user's sign-in; settled at the next start",
}


def functions() -> Iterator[tuple[str, ast.AST]]:
    """Every function of ours, as ``path:name``."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield f"{path.relative_to(ROOT).as_posix()}:{node.name}", node


def calls(node: ast.AST) -> Iterator[tuple[str, str, list[ast.expr]]]:
    """What is called on what: ``("fault_points", "point", arguments)``."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            on = call.func.value
            yield (on.id if isinstance(on, ast.Name) else ""), call.func.attr, call.args


def points(node: ast.AST) -> list[str]:
    """The names of the points in it."""
    return [
        ast.literal_eval(arguments[0])
        for on, name, arguments in calls(node)
        if on == "fault_points" and name in {"point", "write", "fsync"}
    ]


def is_lasting(on: str, name: str, arguments: list[ast.expr]) -> bool:
    """True for a write that has to last: ``replace`` of one argument is a path's, not a text's."""
    one = len(arguments) == 1
    return name in {"fsync", "rename"} or (name == "replace" and (one or on == "os"))


def ask(fault: str, code: str) -> subprocess.CompletedProcess[str]:
    """Run ``code`` under that fault."""
    return subprocess.run(
        [sys.executable, "-c", f"import os\nfrom gates import fault_points\n{code}"],
        env=environment(ROOT) | {"STUDIO_FAULT": fault},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_table_names_the_points_that_the_code_has_and_no_others():
    found = {name for _, node in functions() for name in points(node)}

    assert found == {name for name, exists in fault_points.POINTS.items() if exists}


def test_every_lasting_write_has_a_point():
    lasting = {
        place: node for place, node in functions() if any(is_lasting(*c) for c in calls(node))
    }

    without = {place for place, node in lasting.items() if not points(node)}

    assert without == NO_POINT.keys()


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("sigkill", -signal.SIGKILL),
        ("sigterm", -signal.SIGTERM),
        ("exit:7", 7),
        ("enospc", 28),
        ("eio", 5),
        ("erofs", 30),
        ("sleep:0.1", 0),
    ],
)
def test_the_nth_time_breaks_the_process(action, code):
    said = ask(
        f"task_started:2:{action}",
        """
fault_points.point("task_started")
fault_points.point("lease_taken")
print("here", flush=True)
try:
    fault_points.point("task_started")
except OSError as exc:
    os._exit(exc.errno)
""",
    )

    assert (said.returncode, said.stdout) == (code, "here\n"), said.stderr


@pytest.mark.parametrize(
    ("action", "code", "written"),
    [
        ("sigkill", -signal.SIGKILL, "123"),
        ("short_write:2", 2, "12"),
        ("enospc", 28, ""),
        ("sleep:0.1", 6, "123456"),
    ],
)
def test_a_write_breaks_in_its_middle(tmp_path, action, code, written):
    file = tmp_path / "file"
    said = ask(
        f"mid_event_append:1:{action}",
        f"""
descriptor = os.open({str(file)!r}, os.O_WRONLY | os.O_CREAT)
try:
    os._exit(fault_points.write("mid_event_append", descriptor, b"123456"))
except OSError as exc:
    os._exit(exc.errno)
""",
    )

    assert (said.returncode, file.read_text()) == (code, written), said.stderr


def test_an_fsync_is_left_out_once():
    said = ask(
        "before_state_fsync:1:skip_fsync",
        """
ours, _ = os.pipe()  # which cannot be synced, and says so
fault_points.fsync("before_state_fsync", ours)
try:
    fault_points.fsync("before_state_fsync", ours)
except OSError:
    print("synced")
""",
    )

    assert (said.returncode, said.stdout) == (0, "synced\n"), said.stderr


def test_of_all_processes_the_first_that_makes_the_marker_has_the_fault(tmp_path):
    fault = f"task_started:1:exit:7@{tmp_path / 'marker'}"

    first, second = (ask(fault, 'fault_points.point("task_started")') for _ in range(2))

    assert (first.returncode, second.returncode) == (7, 0)
    assert (tmp_path / "marker").read_text().isdecimal()


@pytest.mark.parametrize(
    "fault",
    ["", "x", "task_started", "task_started:x:exit", "no_such:1:exit",
     "task_started:1:dance", "task_started:1:exit:x", "task_started:1:exit:1:2"],
)  # fmt: skip
def test_a_fault_that_nobody_can_mean_is_one_line(repo, fault):
    said = run_command(repo, "status", STUDIO_FAULT=fault)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: STUDIO_FAULT: ")
    assert said.err.count("\n") == 1


def test_the_doctor_finds_an_armed_fault(repo):
    run_command(repo, "init")
    run_command(repo, "gate", "set", "qa_smoke_quick", "--command", "true")

    said = run_command(repo, "doctor", STUDIO_FAULT="task_started:9:sigkill")

    assert said.code == 1
    assert "STUDIO_FAULT=task_started:9:sigkill breaks this gateway on purpose" in said.out
    assert "unset STUDIO_FAULT" in said.out
    assert "STUDIO_FAULT" not in run_command(repo, "doctor").out


def test_without_the_variable_nothing_is_armed():
    assert "STUDIO_FAULT" not in os.environ

    assert fault_points._fault is None


def test_a_gate_knows_nothing_of_faults(repo):
    fault = {"STUDIO_FAULT": f"gate_ended:1:sleep:0@{repo / 'marker'}"}
    run_command(repo, "init")
    run_command(repo, "gate", "set", "qa_smoke_quick", "--command", "env")
    run_command(repo, "sprint", "create", "one")

    said = run_command(repo, "sprint", "run", "one", **fault)

    printed = Path(repo, ".studio_gateway/artifacts/one/gates/qa_smoke_quick/stdout.txt")
    assert said.code == 0, said
    assert (repo / "marker").exists(), "the supervisor has it"
    assert "STUDIO_FAULT" not in printed.read_text()
