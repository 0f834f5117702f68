"""Write the result of a model check for people, line by line, and as JSON."""

from collections.abc import Iterator
from dataclasses import asdict

from sprints.contract.contract import Contract
from sprints.contract.json_types import JsonObject
from sprints.modelcheck.explore import NAMES, Report
from sprints.modelcheck.invariant_texts import TEXTS
from sprints.modelcheck.plan import Proof


def lines(proof: Proof) -> Iterator[str]:
    """Yield the result: broken invariants with the path to each, the totals, what holds."""
    for one in proof.findings:
        yield f"broken: {TEXTS[one.promise]}: {one.text}"
        for number, text in enumerate(one.timeline, 1):
            yield f"  {number:>3}  {text}"
    several = len(proof.parts) > 1
    for part, report in proof.parts if several else ():
        yield f"{part.name}: {_seen(report)}"
    seen = f"{len(proof.parts)} parts, {_seen(proof)}" if several else _seen(proof)
    if not proof.complete:
        yield f"gave up after {seen}: there are more paths than the limit allows"
    elif proof.holds:
        yield f"holds: all {len(NAMES)} invariants ({seen})"
        yield from (f"  {TEXTS[name]}" for name in NAMES)
    else:
        yield f"{len(proof.findings)} of {len(NAMES)} invariants broken ({seen})"
    if several:
        yield "each part was explored on its own; --whole explores all parts together"


def as_json(proof: Proof, contract: Contract) -> JsonObject:
    """Return the result of all parts together and of each part, with the contract's digest."""
    names = ("holds", "complete", "states", "steps", "took_s")
    parts = [
        {"name": part.name} | {name: getattr(report, name) for name in names}
        for part, report in proof.parts
    ]
    return {
        "digest": contract.digest,
        "promises": NAMES,
        **{name: getattr(proof, name) for name in names},
        "parts": parts,
        "findings": [asdict(one) for one in proof.findings],
    }


def _seen(found: Proof | Report) -> str:
    return f"{found.states} states, {found.steps} steps, {found.took_s:.1f} s"
