"""Test the published releases of coding agents, each through a whole sprint that ships.

They are installed from the npm registry into a folder outside the repository, and talk to a
stand-in for their service. ``make test-agents`` runs them (STUDIO_TEST_AGENTS=claude-code,codex).
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sprints.agents.presets import PRESETS
from sprints.health import networks
from tests.checkout import commit, git
from tests.e2e.conftest import set_gate
from tests.e2e.models import IN, OUT, Model, model
from tests.e2e.test_crashes import check_store
from tests.world import FOLDER, MARK, run_command

WANTED = [name for name in os.environ.get("STUDIO_TEST_AGENTS", "").split(",") if name]
pytestmark = pytest.mark.skipif(
    not WANTED, reason="real agent programs are not asked for: STUDIO_TEST_AGENTS, make test-agents"
)
FOLDER_OF_PROGRAMS = Path(
    os.environ.get("STUDIO_TEST_AGENTS_DIR", Path.home() / ".cache/studio-gateway/agents")
)
INSTALL_S, SPRINT_S = 900, 600


@dataclass(frozen=True)
class Program:
    """Its package, and what it needs to find the stand-in: words of ``agent set`` and variables."""

    package: str
    binary: str
    options: Callable[[str], list[str]]
    env: Callable[[str, Path], dict[str, str]]
    has_price: bool = False


def _codex(url: str) -> list[str]:
    provider = f'{{name="gw",base_url="{url}/v1",env_key="MODEL_KEY",wire_api="responses"}}'
    more = shlex.join(["-c", 'model_provider="gw"', "-c", f"model_providers.gw={provider}"])
    return ["--more", more, "--pass-env", "MODEL_KEY", "--model", "m1"]


def _opencode(url: str, home: Path) -> dict[str, str]:
    options = {"baseURL": f"{url}/v1", "apiKey": "k"}
    gw = {"npm": "@ai-sdk/openai-compatible", "options": options, "models": {"m1": {}}}
    return {"OPENCODE_CONFIG_CONTENT": json.dumps({"provider": {"gw": gw}})}


PROGRAMS = {
    "claude-code": Program(
        "@anthropic-ai/claude-code",
        "claude",
        lambda url: ["--model", "claude-opus-4-1"],
        lambda url, home: {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "k"},
        has_price=True,
    ),
    "codex": Program(
        "@openai/codex",
        "codex",
        _codex,
        lambda url, home: {"CODEX_HOME": str(home / ".codex"), "MODEL_KEY": "k"},
    ),
    "opencode": Program("opencode-ai", "opencode", lambda url: ["--model", "gw/m1"], _opencode),
    "qwen": Program(
        "@qwen-code/qwen-code",
        "qwen",
        lambda url: [],
        lambda url, home: {
            "OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": "k", "OPENAI_MODEL": "m1",
        },
    ),
}  # fmt: skip


@pytest.fixture(scope="session", params=WANTED or ["none"])
def installed(request: pytest.FixtureRequest) -> str:
    """The name of a program that is there."""
    name: str = request.param
    assert name in PROGRAMS, f"no program {name!r}; there are: {', '.join(PROGRAMS)}"
    binary = FOLDER_OF_PROGRAMS / "node_modules" / ".bin" / PROGRAMS[name].binary
    if not binary.exists():
        FOLDER_OF_PROGRAMS.mkdir(parents=True, exist_ok=True)
        words = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(FOLDER_OF_PROGRAMS)]
        subprocess.run([*words, PROGRAMS[name].package], check=True, timeout=INSTALL_S)
    told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    sys.stdout.write(f"\n{name}: {told.stdout.strip()}\n")
    return name


@pytest.fixture
def service() -> Iterator[Model]:
    """The stand-in of its service."""
    with model() as server:
        yield server


@dataclass(frozen=True)
class Work:
    """A repository, and the environment in which its commands find the program and its service."""

    repo: Path
    program: Program
    env: dict[str, str]

    def run(self, *argv: str):
        """A command as a user types it."""
        return run_command(self.repo, *argv, timeout=SPRINT_S, **self.env)

    def sprint(self) -> dict:
        """The sprint as state.json has it."""
        found: dict = json.loads((self.repo / FOLDER / "state.json").read_text())["sprints"]["wk1"]
        return found


@pytest.fixture
def work(gateway: Path, installed: str, service: Model, tmp_path: Path) -> Iterator[Work]:
    """A clean checkout whose lead is that program, and a gate that looks at its work."""
    home = tmp_path / "home"
    (home / ".codex").mkdir(parents=True)  # the folder that CODEX_HOME names has to be there
    program = PROGRAMS[installed]
    path = f"{FOLDER_OF_PROGRAMS / 'node_modules' / '.bin'}:{os.environ['PATH']}"
    env = {"HOME": str(home), "PATH": path, **program.env(service.url, home)}
    work = Work(gateway, program, env)
    commit(gateway, {"README": "of the project\n"})
    options = ["--preset", installed, *program.options(service.url), "--pass-env", MARK]
    said = work.run("agent", "set", "agent_01", *options)
    assert said.code == 0, said
    set_gate(gateway, "sh -c 'grep -qx right work.txt'")
    assert work.run("sprint", "create", "wk1").code == 0
    yield work
    shutil.rmtree(home, ignore_errors=True)


def test_a_program_builds_is_sent_back_mends_and_its_work_is_shipped(work, service):
    assert work.run("config", "set", "enable_auto_merge", "true").code == 0

    said = work.run("sprint", "run", "wk1")

    assert said.code == 0, said.out + said.err
    assert git(work.repo, "show", "main:work.txt") == "right"
    sprint = work.sprint()
    tasks = sprint["rounds"]["R3_BUILD_A_INTEGRATE"]["tasks"]
    assert sorted(tasks) == ["fix1_agent_01", "lead_agent_01"]
    assert tasks["lead_agent_01"]["details"]["work"]["paths"] == ["work.txt"]
    led, mended = (tasks[name]["details"] for name in ("lead_agent_01", "fix1_agent_01"))
    assert mended["session"] == {**led["session"], "again": True, "told": mended["session"]["told"]}
    if networks._means().get("namespace") == "":  # it works here
        assert re.search(r"; network \d+ hosts, by namespace", led["confined"]), led
    usage = mended["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (2 * IN, 2 * OUT)  # a tool, a reply
    assert ("cost_usd" in usage) == work.program.has_price
    budget = work.run("sprint", "budget", "wk1").out
    sys.stdout.write(budget)
    assert budget.startswith("agents have used 7 of 40 launches")
    assert "unmetered" not in budget
    check_store(work.repo)


def test_the_doctor_finds_that_it_answers(work):
    said = work.run("doctor", "agents")

    sys.stdout.write(said.out)
    assert said.code == 0, said.out + said.err
    assert "answered in" in said.out


def test_one_that_goes_on_for_ever_is_ended_at_its_tokens(work, installed, service):
    if "each" not in PRESETS[installed]["reply"]["usage"]:
        pytest.skip(f"{installed} tells what it used at its end alone")
    service.endless = True
    assert work.run("sprint", "budget", "wk1", "--tokens", "20000").code == 0

    said = work.run("sprint", "run", "wk1")
    task = work.sprint()["rounds"]["R0_SETUP"]["tasks"]["lead_agent_01"]
    service.endless = False
    more = work.run("sprint", "budget", "wk1", "--tokens", "900000")
    again = work.run("sprint", "run", "wk1")

    sys.stdout.write(f"{said.out.splitlines()[-2:]} {task['details']['usage']}\n")
    assert said.code == 3, said.out + said.err
    assert task["details"]["reason"].startswith("the sprint's tokens for agents ended")
    assert 20_000 <= task["details"]["usage"]["input_tokens"] + IN < 100_000
    assert more.code == 0, more
    assert again.code == 0, again.out + again.err
    check_store(work.repo)


@pytest.mark.parametrize(("status", "word"), [(401, "not signed in"), (429, "rate limited")])
def test_a_service_that_refuses_is_named_as_the_reason(work, service, status, word):
    service.refuses = status

    said = work.run("sprint", "run", "wk1")

    sys.stdout.write(f"{work.sprint()['last_error']}\n")
    assert said.code == 1, said.out + said.err
    assert work.sprint()["last_error"].startswith(f"agent_failed:agent_01 {word}: ")
    assert "next: studio-gateway sprint retry wk1" in said.out
