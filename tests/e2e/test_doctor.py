"""doctor looks at one moment: sprints that run are no fault, and wait for nothing."""

import json
import subprocess
import sys
from pathlib import Path

from tests.world import environment, run_command

ASK = """
import django
django.setup()
from django.conf import settings
from sprints.mirror import verify
"""
LOOK = """
import sys
for _ in sys.stdin:
    print(verify.differences(settings.STORE), flush=True)
"""
WORK = """
from sprints import operations
from sprints.engine.carry import Wish
for number in range(20):
    operations.create(f"s{number}", by="test")
    operations.run(f"s{number}", Wish())
    operations.settle_files()
print("done")
"""
HOLD = """
import sys
with verify._one_moment(settings.STORE) as (events, size, shown):
    print("held", flush=True)
    sys.stdin.readline()
    verify._folded(events, size)
    print(sum(b"\\\n" in line for line in events), flush=True)
"""


def asked(repo: Path, script: str, **env: str) -> subprocess.Popen[str]:
    """A process that looks whenever it is sent a line."""
    return subprocess.Popen(
        [sys.executable, "-c", ASK + script],
        cwd=repo,
        env=environment(repo) | {"DJANGO_SETTINGS_MODULE": "gateway_project.settings"} | env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def look_while_sprints_run(repo: Path, **env: str) -> list[str]:
    """What doctor's check says, again and again until a number of sprints have run."""
    doctor, worker = asked(repo, LOOK, **env), asked(repo, WORK, **env)
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
