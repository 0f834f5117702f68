"""Check a tag's certificate without any running process of the gateway."""

import os
from dataclasses import dataclass
from pathlib import Path

from sprints.contract.json_types import JsonObject
from sprints.git import certificate
from sprints.git.certificate_check import CertificateCheck
from sprints.git.gateway_repo import home_of
from sprints.git.git import GitError
from sprints.git.user_repo import users
from sprints.journal import hash_chain
from sprints.operations.store import store
from sprints.state.refusals import Refused


@dataclass(frozen=True, slots=True)
class Certified:
    """The claims of a certificate, and one line for each false one.

    ``events`` and ``logs`` are the numbers of each that could be checked.
    """

    tag: str
    facts: JsonObject
    untrue: tuple[str, ...]
    events: int
    logs: int


def verify_tag(tag: str, file: Path | None = None) -> Certified:
    """Compare a certificate with the repository, and with available events and evidence.

    Needs no database and writes nothing. ``file`` is an events.jsonl to use instead of the store's.
    Raises ``Refused`` and ``OSError``.
    """
    ours = store()
    git = users(ours.repo, home_of(ours.root))
    try:
        commit, facts = certificate.read(git, tag)
        found = [*certificate.untrue(git, commit, facts)]
    except GitError as exc:
        raise Refused(str(exc)) from exc
    count = 0
    if file or ours.events.is_file():
        count, recorded = _recorded(file or ours.events, facts)
        found += recorded
    logs, changed = _logs(ours.evidence_of(facts["sprint"]), facts)
    return Certified(tag, facts, (*found, *changed), count, logs)


def _recorded(path: Path, facts: JsonObject) -> tuple[int, list[str]]:
    """Return the number of events, and the claims that no event supports."""
    recorded, count = CertificateCheck(facts), 0
    with path.open("rb") as file:
        try:
            for event, _ in hash_chain.chained(file, os.fstat(file.fileno()).st_size):
                recorded.add(event)
                count += 1
        except hash_chain.Broken as exc:
            return count, [f"{path.name}: {exc}"]
    return count, [*recorded.missing()]


def _logs(folder: Path, facts: JsonObject) -> tuple[int, list[str]]:
    """Return the number of available logs, and those that differ from the certificate."""
    count, changed = 0, []
    for gate in facts["gates"]:
        for name in ("stdout", "stderr"):
            path = folder / "gates" / gate["gate_id"] / "runs" / str(gate["run"]) / f"{name}.txt"
            if not (digest := certificate.digest_of(path)):
                continue
            count += 1
            if digest != gate[f"{name}_sha256"]:
                changed.append(f"{name} of run {gate['run']} of gate {gate['gate_id']} is another")
    return count, changed
