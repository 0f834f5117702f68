"""Check the invariants that hold whatever was killed, for the doctor and the fault tests.

Each invariant is one function and one line in the table. Files that differ from the rows are
written again. A fault among the rows is a bug, or someone has written to the database.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile

from django.conf import settings
from django.db.models import Count, F, Max
from django.utils import timezone

from gates import process_table
from gates.execution import COOKIE
from gates.models import GateRun
from gates.process import orphans
from gates.verdict import Verdict
from sprints.contract.json_types import JsonObject
from sprints.journal import verify
from sprints.models import Event, Host, Sprint, Task
from sprints.models.lease import held, holder
from sprints.queries.impossible_times import schedules_too_late
from sprints.queries.waiting import waiting_for
from sprints.state.event_format import stamp
from sprints.store.config_values import current_config
from sprints.store.layout import Store

SETTLED = timedelta(seconds=15)  # leftovers of a crash are removed within this time
SILENT = timedelta(seconds=30)  # a worker takes over leftovers within this time
ALIVE = timedelta(seconds=15)
UNJUDGED = (GateRun.RUNNING, Verdict.INTERRUPTED.value)
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken invariant, and the fix to type. ``waits``: sound, but nothing goes on."""

    text: str
    remedy: str
    waits: bool = False


def check_invariants(store: Store) -> Iterator[Violation]:
    """Yield every violation in files, rows and processes; none if all is well."""
    for line in verify.differences(store):
        yield Violation(line, "studio-gateway doctor")
    yield from check_rows()


def check_rows() -> Iterator[Violation]:
    """Yield every violation in rows and processes, whatever the files contain."""
    now = timezone.now()
    for check in CHECKS.values():
        yield from check(now)


RESTORE = "restore the database from a backup, and tell us: this must not happen"


def one_verdict(now: datetime) -> Iterator[Violation]:
    """Yield gates with too many verdicts in a round and attempt, and unrecorded runs.

    A gate has one verdict, and one more for each fix and each merge to be shipped. If failed gates
    are rerun, it may have twice as many before the merge.
    """
    judged = GateRun.objects.exclude(status__in=UNJUDGED).order_by()
    twice = judged.values_list("round_id", "gate_id", "attempt").annotate(n=Count("pk"))
    for place, gate, attempt, n in twice.filter(n__gt=1):
        each = 2 if _reruns(place, attempt) else 1
        if n <= each * (1 + _fixes(place, attempt)) + _merges(place, attempt):
            continue
        text = f"gate {gate} has {n} verdicts in {place}, attempt {attempt}"
        yield Violation(text, RESTORE)
    runs = GateRun.objects.order_by().values_list("round__sprint_id", "gate_id")
    for sprint, gate, n, last in runs.annotate(n=Count("pk"), last=Max("number")).exclude(
        n=F("last")
    ):
        text = f"gate {gate} of sprint {sprint} has {n} runs, and the last is number {last}"
        yield Violation(text, RESTORE)
    open_runs = GateRun.objects.filter(status=GateRun.RUNNING)
    for run in open_runs.exclude(round__sprint__status=Sprint.Status.RUNNING):
        yield Violation(f"run {run.pk} has no verdict, and its sprint ended", RESTORE)


def _reruns(place: str, attempt: int) -> bool:
    """Return whether the contract of that attempt of a sprint reruns failed gates.

    The row holds the contract of the last attempt; the events hold those of all.
    """
    contract: JsonObject = {}
    sprint_id = place.split("/")[0]
    starts = Event.objects.filter(sprint_id=sprint_id, kind="note", line__contains='"digest": ')
    for event in starts.order_by("seq"):
        data = event.body["data"]
        if data.get("attempt", 1) > attempt:
            break
        contract = data.get("contract", contract)
    return contract.get("rerun_red") is True


def _fixes(place: str, attempt: int) -> int:
    """Return the number of fixes in that round and attempt of a sprint."""
    return Task.objects.filter(round=place, attempt=attempt, details__kind="fix").count()


def _merges(place: str, attempt: int) -> int:
    """Return the number of merges to be shipped in that round and attempt of a sprint."""
    sprint_id, code = place.split("/")
    recorded = Event.objects.filter(sprint_id=sprint_id, kind="ship_merged")
    where = [(event.body["round_id"], event.body["data"]["attempt"]) for event in recorded]
    return where.count((code, attempt))


def shipped_green(now: datetime) -> Iterator[Violation]:
    """Yield shipped sprints whose merge some required gate had not passed."""
    rows = Sprint.objects.filter(meta__shipping__status="shipped", contract__isnull=False)
    for row in rows.only("contract", "meta", "attempt").iterator(CHUNK):
        contract: JsonObject = row.contract or {}
        found, code = row.parsed_meta.shipping, contract["rounds"][-1]["code"]
        if found is None or found.attempt != row.attempt:
            continue  # a later attempt may be under another contract
        runs = GateRun.objects.filter(round=f"{row.pk}/{code}", attempt=row.attempt)
        for gate in _required(contract, code):
            since = runs.filter(gate_id=gate, number__gt=(found.after or {}).get(gate, 0))
            last = since.exclude(status__in=UNJUDGED).order_by("number").last()
            if last is None or last.status != Verdict.PASSED:
                text = f"sprint {row.pk} shipped what {gate} had not passed"
                yield Violation(text, RESTORE)


def shipped_approved(now: datetime) -> Iterator[Violation]:
    """Yield shipped sprints whose tree was not approved as their contract demands."""
    rows = Sprint.objects.filter(meta__shipping__status="shipped", contract__isnull=False)
    for row in rows.only("contract", "meta", "attempt").iterator(CHUNK):
        contract: JsonObject = row.contract or {}
        found, asked = row.parsed_meta.shipping, contract.get("approvals", {}).get("before", ())
        if "before_ship" not in asked or found is None or found.attempt != row.attempt:
            continue
        recorded = Event.objects.filter(sprint_id=row.pk, kind="approved")
        if not any(event.body["data"].get("tree") == found.tree for event in recorded):
            yield Violation(f"sprint {row.pk} shipped what nobody had approved", RESTORE)


def one_answer(now: datetime) -> Iterator[Violation]:
    """Yield unanswered tasks of sprints that do not run."""
    still = Task.objects.filter(status__in=(Task.Status.PENDING, Task.Status.IN_PROGRESS))
    ours = still.filter(round__sprint__started_at__isnull=False)
    for task in ours.exclude(round__sprint__status=Sprint.Status.RUNNING).only("pk"):
        yield Violation(f"task {task.pk} has no answer, and its sprint ended", RESTORE)


def never_over_red(now: datetime) -> Iterator[Violation]:
    """Yield succeeded sprints with a required gate that had not passed."""
    rows = Sprint.objects.filter(status=Sprint.Status.SUCCEEDED, contract__isnull=False)
    ended = rows.values_list("pk", "attempt", "contract").order_by("pk").iterator(CHUNK)
    while some := list(islice(ended, CHUNK)):
        yield from _over_red([(pk, attempt, frozen or {}) for pk, attempt, frozen in some])


def _over_red(some: list[tuple[str, int, JsonObject]]) -> Iterator[Violation]:
    ids = [pk for pk, *_ in some]
    tasks = Task.objects.filter(round__sprint__in=ids).order_by()
    reached = dict(tasks.values_list("round_id").annotate(Max("attempt")))
    runs = GateRun.objects.filter(round__sprint__in=ids).exclude(status__in=UNJUDGED)
    found: dict[str, list[GateRun]] = defaultdict(list)
    for run in runs.order_by("number").only("round_id", "gate_id", "attempt", "required", "status"):
        found[run.round_id].append(run)
    for pk, attempt, contract in some:
        for code in (spec["code"] for spec in contract["rounds"]):
            last = reached.get(f"{pk}/{code}")
            asked = _required(contract, code) if last == attempt else ()
            for gate in _not_passed(found[f"{pk}/{code}"], last, asked):
                text = f"sprint {pk} succeeded, and {gate} had not passed in {code}"
                yield Violation(text, RESTORE)


def _required(contract: JsonObject, code: str) -> list[str]:
    return [g["gate_id"] for g in contract["gates"] if g["required"] and code in g["rounds"]]


def _not_passed(runs: list[GateRun], attempt: int | None, asked: Iterable[str]) -> list[str]:
    """Return the required gates whose last verdict in the round's last attempt is not green.

    ``asked`` are those of the contract; an earlier attempt had an earlier contract.
    """
    last = dict.fromkeys(asked, "")
    last |= {run.gate_id: run.status for run in runs if run.required and run.attempt == attempt}
    return [gate for gate, status in last.items() if status != Verdict.PASSED]


def no_remains(now: datetime) -> Iterator[Violation]:
    """Yield processes of gates and agents that outlive their run."""
    carried = process_table.values_of(COOKIE)
    ids = {cookie.partition("@")[0] for cookie in carried}
    for run in GateRun.objects.filter(pk__in=ids).exclude(status=GateRun.RUNNING):
        late = run.finished_at is None or run.finished_at < now - SETTLED
        for process in carried.get(f"{run.pk}@{stamp(run.started_at)}", ()) if late else ():
            text = f"process {process.pid} is left of run {run.pk}, which ended"
            yield Violation(text, f"kill -9 {process.pid}")
    for process in orphans():
        text = f"process {process.pid} is left of git, whose gateway has ended"
        yield Violation(text, f"kill -9 {process.pid}")
    asked = Task.objects.filter(pk__in=ids).exclude(status=Task.Status.IN_PROGRESS)
    for task in asked.filter(updated_at__lt=now - SETTLED).only("pk", "details"):
        for process in carried.get(f"{task.pk}@{task.details.get('started_ts')}", ()):
            text = f"process {process.pid} is left of task {task.pk}, which ended"
            yield Violation(text, f"kill -9 {process.pid}")


def one_carrier(now: datetime) -> Iterator[Violation]:
    """Yield sprints that run in parallel in this repository, and leases on ended sprints."""
    rows = sorted(held(), key=lambda row: row.pk)
    lively = [(row, who) for row in rows if (who := holder(row))]
    carried = [(row.home, row.pk, who) for row, who in lively if not row.cancel_by]
    for home in {home for home, _, _ in carried}:
        here = [f"{pk} by {who}" for place, pk, who in carried if place == home]
        if len(here) > 1:
            words = f"several sprints run at once in {home}: {', '.join(here)}"
            yield Violation(words, RESTORE)
    for row, who in lively:
        if row.finished_at and row.finished_at < now - SETTLED:
            text = f"sprint {row.pk} is {row.status}, and still held by {who}"
            yield Violation(text, "studio-gateway status")


def nobody_silent(now: datetime) -> Iterator[Violation]:
    """Yield running sprints without a runner, a turn, or a living party for which they wait."""
    rows = Sprint.objects.filter(status=Sprint.Status.RUNNING, started_at__isnull=False)
    running = list(rows.order_by("started_at"))
    carried = [row.home for row in held() if holder(row)]
    hosts = Host.objects.filter(seen_at__gt=now - ALIVE, seen_at__lte=now + ALIVE)
    living, stirring = set(hosts.values_list("place", flat=True)), _stirring(now)
    full = len(carried) >= current_config().max_concurrent_global
    for row in running:
        waits = waiting_for(row)
        if waits and (until := waits["until_ts"]) and until < stamp(now - SILENT):
            text = f"sprint {row.pk} waits for {waits['what']}, due at {until}"
            yield Violation(text, f"studio-gateway sprint cancel {row.pk}")
        paused = row.parsed_meta.pause is not None or current_config().automation_paused
        home = row.home or settings.STORE.place
        able = {home} & living or living  # the hosts that may take the sprint over
        busy = home in carried or (able and able <= {*carried})
        if busy or full or (paused and not row.cancel_by):
            continue
        if not able:
            text = f"sprint {row.pk} runs, and nobody is there to carry it"
            remedy = f"studio-gateway sprint run {row.pk}, or: studio-gateway worker"
            yield Violation(text, remedy, waits=True)
        elif not stirring & {"", home, *able}:
            last = Event.objects.filter(sprint_id=row.pk).latest("seq")
            text = f"sprint {row.pk} runs, no worker has taken it up since {stamp(last.ts)}"
            yield Violation(text, f"studio-gateway sprint run {row.pk}")


def schedules_in_time(now: datetime) -> Iterator[Violation]:
    """Yield schedules that wait for a time that their crons cannot have."""
    for row, following in schedules_too_late(now):
        text = f"schedule {row.pk} waits until {row.next_at}, because the clock was ahead;"
        text += f" its cron is due at {following}"
        yield Violation(text, f"studio-gateway schedule on {row.pk}", waits=True)


def _stirring(now: datetime) -> set[str]:
    """Return the homes of sprints with a recent event; empty stands for the store."""
    recorded = Event.objects.order_by("-seq").values_list("ts", "sprint_id")
    recent = takewhile(lambda one: one[0] >= now - SILENT, recorded.iterator(CHUNK))
    names = {sprint_id for _, sprint_id in recent}
    homes = set(Sprint.objects.filter(pk__in=names - {None}).values_list("home", flat=True))
    return homes | ({""} if None in names else set())


CHECKS: dict[str, Callable[[datetime], Iterator[Violation]]] = {
    "each gate has one verdict": one_verdict,
    "no ended sprint has open tasks": one_answer,
    "no sprint succeeded with a failed gate": never_over_red,
    "no sprint shipped with a failed gate": shipped_green,
    "no unapproved ship": shipped_approved,
    "no leftover process": no_remains,
    "one running sprint per checkout": one_carrier,
    "every running sprint advances": nobody_silent,
    "every schedule waits for a time of its cron": schedules_in_time,
}
