"""Read the latest runs of gates and their statistics."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from gates.models import Gate, GateRun
from gates.verdict import Verdict

JUDGED = (Verdict.PASSED, Verdict.FAILED, Verdict.ERROR, Verdict.TIMED_OUT)


@dataclass(frozen=True, slots=True)
class Figures:
    """Statistics of the runs with a verdict; None where there is no value.

    They are the number of runs, the share that passed (0 to 1), and percentiles in seconds.
    """

    runs: int
    passed: float | None
    p50_s: float | None
    p95_s: float | None


def definitions() -> list[Gate]:
    """Return all gates, in their order."""
    return list(Gate.objects.all())


def definition(gate_id: str) -> Gate | None:
    """Return the gate of that id; None if there is none."""
    return Gate.objects.filter(pk=gate_id).first()


def last_runs(gate_ids: Collection[str], limit: int) -> dict[str, list[GateRun]]:
    """Return the latest runs of each gate, newest first, by one query."""
    found: dict[str, list[GateRun]] = defaultdict(list)
    if gate_ids:
        first, *others = (_last(gate_id, limit) for gate_id in gate_ids)
        for run in first.union(*others, all=True) if others else first:
            found[run.gate_id].append(run)
    for runs in found.values():
        runs.sort(key=lambda run: run.started_at, reverse=True)
    return {gate_id: found[gate_id] for gate_id in gate_ids}


def flaky(gate_ids: Collection[str]) -> dict[str, int]:
    """Return for each gate on how many trees it has both failed and passed. Needs one query.

    Only runs in the same round and attempt with the same definition are compared.
    """
    said_no = Q(status__in=JUDGED[1:])
    rows = (
        GateRun.objects.filter(gate_id__in=gate_ids, status__in=JUDGED)
        .exclude(tree="")
        .order_by()
        .values("gate_id", "round_id", "attempt", "tree", "digest")
        .annotate(no=Count("pk", filter=said_no), yes=Count("pk", filter=~said_no))
        .filter(no__gt=0, yes__gt=0)
    )
    counts = Counter(row["gate_id"] for row in rows)
    return {gate_id: counts[gate_id] for gate_id in gate_ids}


def _last(gate_id: str, limit: int) -> QuerySet[GateRun]:
    """Return the gate's latest runs; the limit is in a subquery, as unions demand."""
    newest = GateRun.objects.filter(gate_id=gate_id).order_by("-started_at").values("pk")[:limit]
    return GateRun.objects.filter(pk__in=newest).select_related("round").order_by()


def figures(runs: Sequence[GateRun]) -> Figures:
    """Return the statistics of the runs; interrupted runs do not count."""
    judged = [run for run in runs if run.status in JUDGED]
    seconds = [run.duration_s for run in judged if run.duration_s is not None]
    passed = sum(run.status == Verdict.PASSED for run in judged)
    return Figures(
        runs=len(judged),
        passed=passed / len(judged) if judged else None,
        p50_s=percentile(seconds, 0.5),
        p95_s=percentile(seconds, 0.95),
    )


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the nearest-rank percentile for ``share`` (0 to 1); None without values."""
    if not values:
        return None
    rank = -(-share * len(values) // 1)  # rounded up
    return sorted(values)[max(0, int(rank) - 1)]
