"""Test that ``doctor`` reports no problem for sprints that run, and does not wait for them."""

import json
import subprocess
import sys
from pathlib import Path

from tests.world import environment, run_command

ASK = """
import django
django.setup()
from django.conf import settings
from sprints.journal import verify
"""
LOOK = """
import sys
for _ in sys.stdin:
    print(verify.differences(settings.STORE), flush=True)
"""
LOOK_AS_IT_LIES = """
import sys
for _ in sys.stdin:
    print([d for d in [verify.verify(settings.STORE).difference] if d], flush=True)
"""
WORK = """
from sprints import operations
from sprints.runner.runner import StopRequest
for number in range(20):
    operations.create(f"s{number}", by="test")
    operations.run(f"s{number}", StopRequest())
    operations.settle_files()
print("done")
"""
MEANWHILE = """
import subprocess, sys
from django.db import connection
done = []
def asked(execute, sql, params, many, context):
    found = execute(sql, params, many, context)
    if connection.in_atomic_block and sql.startswith("SELECT") and not done:
        done.append(subprocess.run([sys.executable, "-c", sys.argv[1]]))
    return found
with connection.execute_wrapper(asked):
    print(verify.differences(settings.STORE), len(done))
"""
CREATE = """
from sprints import operations
operations.create("late", by="test")
"""
HOLD = """
import sys
with verify.one_moment(settings.STORE, catch_up=True) as moment:
    print("held", flush=True)
    sys.stdin.readline()
    verify._compare(moment, verify.Seen(), None)
    print(len(moment.events.readlines()), flush=True)
"""


def asked(repo: Path, script: str, *argv: str, **env: str) -> subprocess.Popen[str]:
    """A process that looks whenever it is sent a line."""
    return subprocess.Popen(
        [sys.executable, "-c", ASK + script, *argv],
        cwd=repo,
        env=environment(repo) | {"DJANGO_SETTINGS_MODULE": "gateway_project.settings"} | env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def look_while_sprints_run(repo: Path, look: str = LOOK, **env: str) -> list[str]:
    """What doctor's check says, again and again until a number of sprints have run."""
    doctor, worker = asked(repo, look, **env), asked(repo, WORK, **env)
    assert doctor.stdin
    assert doctor.stdout
    said = []
    while worker.poll() is None:
        doctor.stdin.write("look\n")
        doctor.stdin.flush()
        said.append(doctor.stdout.readline())
    doctor.communicate()
    assert worker.communicate()[0] == "done\n"
    return said


def test_sprints_that_run_are_no_difference(gateway):
    said = look_while_sprints_run(gateway)

    assert len(said) > 10
    assert set(said) == {"[]\n"}


def test_verify_sees_no_difference_in_files_that_are_being_written(gateway):
    said = look_while_sprints_run(gateway, LOOK_AS_IT_LIES)

    assert len(said) > 10
    assert set(said) == {"[]\n"}


def test_whoever_writes_does_not_wait_for_the_doctor(gateway):
    doctor = asked(gateway, HOLD)
    assert doctor.stdout
    assert doctor.stdout.readline() == "held\n"

    said = run_command(gateway, "sprint", "create", "wk1")
    shown = json.loads((gateway / ".studio_gateway/state.json").read_text())
    after, _ = doctor.communicate("go on\n")

    assert (said.code, said.err) == (0, "")
    assert "wk1" in shown["sprints"]
    assert after == "1\n"
    assert doctor.returncode == 0


def test_what_is_committed_while_the_doctor_has_the_files_is_written_by_it(gateway):
    doctor = asked(gateway, MEANWHILE, ASK + CREATE)

    said, _ = doctor.communicate()

    assert said == "[] 1\n"
    for name in ("events.jsonl", "state.json"):
        assert '"late"' in (gateway / ".studio_gateway" / name).read_text()
