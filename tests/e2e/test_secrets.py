"""Test that a secret in the output of a gate or hook, or in a text, is nowhere in the store."""

import base64
import json
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.e2e.conftest import set_gate, start, wait_for
from tests.world import FOLDER, run_command

KEY = "k3y/of+the%team=0123456789"
TELL = """
import base64, json, os, sys, time
config = json.load(open(".studio_gateway/config.json"))
for secret in (os.environ["TEAM_API_KEY"], config["auth_token"], config["secret_key"]):
    raw = secret.encode()
    half = len(secret) // 2
    for file in (sys.stdout, sys.stderr):
        file.write(f"plain {secret} hex {raw.hex()} base64 {base64.b64encode(raw).decode()}\\n")
        file.write("halves " + secret[:half])
        file.flush()
        time.sleep(0.05)
        file.write(secret[half:] + " end\\n")
OURS = ("STUDIO_GATEWAY_S", "DJANGO_", "DATABASE")
print("leaked", [name for name in os.environ if name.startswith(OURS)])
"""


@pytest.fixture
def telling(gateway: Path) -> Path:
    """A program that prints every secret that it can find."""
    path = gateway / "tell.py"
    path.write_text(TELL)
    set_gate(gateway, f"'{sys.executable}' tell.py")
    return gateway


def secrets_of(repo: Path) -> list[str]:
    config = json.loads((repo / FOLDER / "config.json").read_text())
    return [KEY, config["auth_token"], config["secret_key"]]


def written(secret: str) -> set[bytes]:
    """How it may stand in a file."""
    raw = secret.encode()
    return {raw, raw.hex().encode(), base64.b64encode(raw)[:-4], quote(secret, safe="").encode()}


def holders(repo: Path) -> set[str]:
    """The files of the store in which a secret is, in any form."""
    forms = [form for secret in secrets_of(repo) for form in written(secret)]
    files = [path for path in (repo / FOLDER).rglob("*") if path.is_file()]
    return {path.name for path in files if any(form in path.read_bytes() for form in forms)}


def test_what_a_gate_and_a_hook_print_is_on_record_without_its_secrets(telling):
    env = {"TEAM_API_KEY": KEY, "STUDIO_GATEWAY_SECRET_KEY": "s" * 50, "DJANGO_OWN": "x"}
    command = f"'{sys.executable}' tell.py"
    added = run_command(
        telling, "hook", "add", "tell", "--on", "sprint_start", "--blocking", "--command", command
    )
    title = f"a sprint about {KEY}"
    made = run_command(telling, "sprint", "create", "wk1", "--title", title, TEAM_API_KEY=KEY)

    done = run_command(telling, "sprint", "run", "wk1", **env)

    assert (added.code, made.code, done.code) == (0, 0, 0), (added, made, done)
    store = telling / FOLDER
    assert holders(telling) == {"config.json"}
    printed = (store / "artifacts" / "wk1/gates/qa_smoke_quick/stdout.txt").read_text()
    assert printed.count("plain [redacted] hex [redacted] base64 [redacted]") == 3
    assert printed.count("halves [redacted] end\n") == 3
    assert printed.endswith("leaked []\n")
    assert "a sprint about [redacted]" in (store / "state.json").read_text()
    assert "[redacted]" in run_command(telling, "hook", "deliveries", "--json").out
    assert run_command(telling, "doctor").code == 0


def test_a_kill_while_a_gate_prints_leaves_no_secret(telling):
    script = "import os, sys, time\nprint(os.environ['TEAM_API_KEY'], flush=True)\ntime.sleep(300)"
    (telling / "tell.py").write_text(script)
    run_command(telling, "sprint", "create", "wk1")
    ours = start(telling, "sprint", "run", "wk1", TEAM_API_KEY=KEY)
    printed = telling / FOLDER / "artifacts" / "wk1/gates/qa_smoke_quick/stdout.txt"
    assert wait_for(lambda: printed.exists() and printed.read_text() == "[redacted]\n")

    ours.kill()
    ours.communicate()

    assert holders(telling) == {"config.json"}
