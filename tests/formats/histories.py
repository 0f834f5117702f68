"""Make two histories of ``wk8_demo``: succeeded, and failed in R3.

They are made by commands as a user types them, in a repository with its own gate at the
documented place.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.world import Said, run_command

SPRINT, GATE = "wk8_demo", "qa_smoke_quick"
ROUNDS = {
    "R0_SETUP": "Setup",
    "R1_CONTRACTS": "Contracts",
    "R2_PLAN_CONFIRM": "Implementation plan confirmation",
    "R3_BUILD_A_INTEGRATE": "Build A: implementation + integration",
    "R4_BUILD_B_POLISH": "Build B: polish / edge cases",
    "R5_RELEASE_CANDIDATE": "Release candidate",
}
SMOKE = """\
import json, os, sys
seen = {"argv": sys.argv, "cwd": os.getcwd()}
seen |= {name: os.environ.get(name) for name in ("SDL_VIDEODRIVER", "SDL_AUDIODRIVER")}
print(json.dumps(seen))
print("a word on stderr", file=sys.stderr)
sys.exit(EXIT_CODE)
"""


@dataclass(frozen=True)
class History:
    """A repository, and what each command answered."""

    repo: Path
    said: dict[str, Said]

    @property
    def root(self) -> Path:
        return self.repo / ".studio_gateway"

    @property
    def state_text(self) -> str:
        return (self.root / "state.json").read_text("ascii")

    @property
    def sprint(self) -> dict[str, Any]:
        whole: dict[str, Any] = json.loads(self.state_text)["sprints"][SPRINT]
        return whole

    @property
    def lines(self) -> list[str]:
        return (self.root / "events.jsonl").read_text("ascii").splitlines(keepends=True)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    @property
    def gate_folder(self) -> Path:
        return self.root / "artifacts" / SPRINT / "gates" / GATE


def make(repo: Path, exit_code: int) -> History:
    """The history of a gate that ends with that code."""
    (repo / ".git").mkdir(parents=True)
    (repo / "tools").mkdir()
    (repo / "tools" / "qa_smoke.py").write_text(SMOKE.replace("EXIT_CODE", str(exit_code)))
    commands = {
        "init": ("init",),
        "create": ("sprint", "create", SPRINT, "--title", "Week 8 Demo"),
        "run": ("sprint", "run", SPRINT),
    }
    return History(repo, {name: run_command(repo, *argv) for name, argv in commands.items()})
