"""Test the documented commands as a new user types them, in a new git checkout."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.world import ROOT, Said

INIT = "python -m studio_gateway init"
TOKEN = (
    """python -c "import json; print(json.load(open('.studio_gateway/config.json','r'))"""
    """['auth_token'])\""""
)
STATUS = "python -m studio_gateway status"
CREATE = """python -m studio_gateway sprint create wk8_demo --title "Week 8 Demo\""""
RUN = "python -m studio_gateway sprint run wk8_demo"
EVENTS = "python -m studio_gateway events --tail 100"
SERVE = "python -m studio_gateway serve --host 127.0.0.1 --port 18790"
RETRY = "python -m studio_gateway sprint retry wk8_demo"

GREEN = "print('smoke: all is well')\n"
RED = "import sys\nprint('smoke: 1 of 3 failed')\nsys.exit('see above')\n"


class Checkout:
    """A real git checkout, and a terminal in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("STUDIO_", "DJANGO_", "GIT_"))
        }
        kept.pop("DATABASE_URL", None)
        self.env = kept | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        folder.mkdir()
        self.git("init", "--quiet")

    def git(self, *argv: str) -> str:
        who = ("-c", "user.name=New User", "-c", "user.email=new@example.org")
        done = subprocess.run(
            ["git", *who, *argv],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def commit(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Work")

    def type(self, line: str, within: str = ".") -> Said:
        """Type that line in a shell, in the checkout or in a folder of it."""
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=self.folder / within,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def state(self) -> dict:
        whole: dict = json.loads((self.folder / ".studio_gateway" / "state.json").read_text())
        return whole

    def hashes(self) -> dict[str, str]:
        """Every file but the store's own, ``.git`` included."""
        return {
            path.relative_to(self.folder).as_posix(): hashlib.sha256(
                path.read_bytes() if path.is_file() else b"a folder"
            ).hexdigest()
            for path in sorted(self.folder.rglob("*"))
            if ".studio_gateway" not in path.relative_to(self.folder).parts
        }


@pytest.fixture
def checkout(tmp_path: Path) -> Callable[[dict[str, str]], Checkout]:
    """A checkout with one commit that holds these files."""

    def make(files: dict[str, str]) -> Checkout:
        made = Checkout(tmp_path / "my kingdom")
        made.commit(files)
        return made

    return make


def test_every_documented_command_works_as_written(checkout):
    mine = checkout({"tools/qa_smoke.py": GREEN})
    before = mine.hashes()

    said = {line: mine.type(line) for line in (INIT, TOKEN, STATUS, CREATE, RUN, EVENTS)}

    assert {line: (one.code, one.err) for line, one in said.items()} == dict.fromkeys(said, (0, ""))
    config = json.loads((mine.folder / ".studio_gateway" / "config.json").read_text())
    assert said[TOKEN].out == config["auth_token"] + "\n"
    assert json.loads(said[STATUS].out)["sprints"] == []
    assert "sprint run wk8_demo" in said[CREATE].out
    assert said[RUN].out.endswith("wk8_demo succeeded\n")
    assert json.loads(said[EVENTS].out)[-1]["message"] == "sprint succeeded"
    sprint = mine.state()["sprints"]["wk8_demo"]
    assert (sprint["title"], sprint["status"]) == ("Week 8 Demo", "succeeded")
    after = mine.hashes()
    exclude = ".git/info/exclude"  # names the store, so that git never cleans it
    assert after | {exclude: before[exclude]} == before
    assert (mine.folder / exclude).read_text().endswith("/.studio_gateway/\n")
    assert mine.git("status", "--porcelain") == ""


def test_the_documented_server_answers_at_its_address(checkout):
    mine = checkout({"tools/qa_smoke.py": GREEN})
    mine.type(INIT)
    token = mine.type(TOKEN).out.strip()
    with socket.create_server(("127.0.0.1", 0)) as free:  # the documented one may be in use here
        port = free.getsockname()[1]

    server = subprocess.Popen(
        ["sh", "-c", f"exec {SERVE.replace('18790', str(port))}"],
        cwd=mine.folder,
        env=mine.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    address = server.stdout.readline().strip()
    request = urllib.request.Request(f"{address}api/status")
    request.add_header("X-Studio-Gateway-Token", token)
    with urllib.request.urlopen(request, timeout=20) as answer:
        status = json.load(answer)
    server.terminate()
    _, err = server.communicate(timeout=90)

    config = json.loads((mine.folder / ".studio_gateway" / "config.json").read_text())
    assert (config["bind_host"], config["port"]) == ("127.0.0.1", 18790)
    assert address == f"http://127.0.0.1:{port}/"
    assert status["repo_root"] == str(mine.folder)
    assert (server.returncode, err) == (0, "")
    assert mine.git("status", "--porcelain") == ""


def test_a_gate_that_fails_leaves_its_output_where_the_readme_says(checkout):
    mine = checkout({"tools/qa_smoke.py": RED})
    mine.type(f"{INIT} && {CREATE}")

    said = mine.type(RUN)

    folder = mine.folder / ".studio_gateway" / "artifacts" / "wk8_demo" / "gates" / "qa_smoke_quick"
    assert (folder / "stdout.txt").read_text() == "smoke: 1 of 3 failed\n"
    assert (folder / "stderr.txt").read_text() == "see above\n"
    assert said.code == 1
    assert "wk8_demo failed: gate_failed:qa_smoke_quick exit_code=1" in said.out
    assert str(folder / "stdout.txt") in said.out
    assert said.out.endswith("next: studio-gateway sprint retry wk8_demo\n")


def test_deleting_the_store_resets_the_gateway(checkout):
    mine = checkout({"tools/qa_smoke.py": GREEN})
    mine.type(f"{INIT} && {CREATE}")

    shutil.rmtree(mine.folder / ".studio_gateway")

    said = mine.type(f"{INIT} && {STATUS}")
    assert said.code == 0
    assert '"sprints": []' in said.out
    assert mine.state() == {"sprints": {}, "version": 1}


def test_a_checkout_with_a_suite_of_its_own_is_judged_by_that_suite(checkout):
    suite = "from kingdom import castles\n\n\ndef test_castles():\n    assert castles() == 3\n"
    mine = checkout({"kingdom.py": "def castles():\n    return 2\n", "test_kingdom.py": suite})
    gate = '"python -m pytest -q -p no:cacheprovider" --env PYTHONDONTWRITEBYTECODE=1'
    mine.type(
        f"{INIT} && python -m studio_gateway gate set qa_smoke_quick --command {gate} && {CREATE}"
    )
    before = mine.hashes()

    failed = mine.type(RUN)

    run = (
        mine.folder
        / ".studio_gateway"
        / "artifacts"
        / "wk8_demo"
        / "gates"
        / "qa_smoke_quick"
        / "runs"
    )
    assert failed.code == 1
    assert "1 failed" in (run / "1" / "stdout.txt").read_text()
    assert mine.state()["sprints"]["wk8_demo"]["status"] == "failed"
    assert mine.hashes() == before
    assert mine.git("status", "--porcelain") == ""

    mine.commit({"kingdom.py": "def castles():\n    return 3\n"})
    before = mine.hashes()

    mended = mine.type(RETRY)

    assert (mended.code, mended.err) == (0, "")
    assert mended.out.endswith("wk8_demo succeeded\n")
    assert "1 failed" in (run / "1" / "stdout.txt").read_text()
    assert ["1 passed" in (run / n / "stdout.txt").read_text() for n in ("2", "3")] == [True, True]
    assert mine.state()["sprints"]["wk8_demo"]["status"] == "succeeded"
    assert mine.hashes() == before
    assert mine.git("status", "--porcelain") == ""
