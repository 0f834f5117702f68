"""List the rounds, R0 to R5, and the gate that a new store begins with."""

from dataclasses import dataclass

from gates.definition import Definition
from gates.network import NONE


@dataclass(frozen=True, slots=True)
class RoundSpec:
    """One round: the acknowledging agents are asked first, then the lead, who decides."""

    code: str
    title: str
    purpose: str
    min_minutes: float
    max_minutes: float
    acks: tuple[str, ...] = ()


LEAD = "agent_01"
FIX_ATTEMPTS = 2  # default number of fixes in a round

ROUNDS = (
    RoundSpec(
        "R0_SETUP",
        "Setup",
        "Sprint id, roster (Active, Consult, Silent), definition of done, brief.",
        2,
        6,
    ),
    RoundSpec(
        "R1_CONTRACTS",
        "Contracts",
        "Acceptance criteria, interfaces, repro harness, risks; Agent 01 locks decisions.",
        8,
        15,
        acks=("agent_02", "agent_03", "agent_11", "agent_12"),
    ),
    RoundSpec(
        "R2_PLAN_CONFIRM",
        "Implementation plan confirmation",
        "Files, tests, integration order, rollback.",
        4,
        10,
    ),
    RoundSpec(
        "R3_BUILD_A_INTEGRATE",
        "Build A: implementation + integration",
        "Implement, integrate, run the gates; fail fast.",
        8,
        18,
    ),
    RoundSpec(
        "R4_BUILD_B_POLISH",
        "Build B: polish / edge cases",
        "Regressions, polish, docs; scope kept tight.",
        4,
        12,
    ),
    RoundSpec(
        "R5_RELEASE_CANDIDATE",
        "Release candidate",
        "Final gates, patch notes, ship report.",
        4,
        10,
    ),
)
CODES = tuple(spec.code for spec in ROUNDS)
BUILDS = CODES[3:]  # rounds with work that a failed gate can send back
GATED = ("R3_BUILD_A_INTEGRATE", "R5_RELEASE_CANDIDATE")

DEFAULT_GATE = Definition(
    gate_id="qa_smoke_quick",
    title="QA smoke (quick)",
    command=("python", "tools/qa_smoke.py", "--quick"),
    rounds=GATED,
    network=NONE,
)


def budget() -> str:
    """Return the default loop's minutes in one line, as ``init`` prints them."""
    low = sum(spec.min_minutes for spec in ROUNDS)
    high = sum(spec.max_minutes for spec in ROUNDS)
    return f"default sprint loop budget: {low:g}-{high:g} minutes (R0..R5)"
