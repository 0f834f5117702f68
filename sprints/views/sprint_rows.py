"""Read the rows for one sprint's page, by a fixed number of queries."""

from collections.abc import Iterator
from dataclasses import dataclass

from gates.models import GateRun
from sprints import queries
from sprints.contract.json_types import JsonObject
from sprints.models import Delivery, Round, Sprint, Task
from sprints.queries.waiting import shown_status, waiting_for
from sprints.state.wait_reason import Wait

MOST_EVENTS = 20
MOST_DELIVERIES = 30


@dataclass(frozen=True, slots=True)
class SprintRows:
    """The rows of one sprint.

    ``tasks`` have no texts; ``runs`` are ordered by attempt and round, ``events`` newest first.
    """

    sprint: Sprint
    rounds: list[Round]
    tasks: list[Task]
    runs: list[GateRun]
    events: list[JsonObject]
    deliveries: list[Delivery]
    waiting: Wait | None

    @property
    def ended(self) -> bool:
        """Return whether the sprint has ended, unless it is retried."""
        return self.sprint.status in ("succeeded", "failed", "cancelled")

    @property
    def paused(self) -> bool:
        """Return whether an operator holds the sprint at its next step."""
        return self.sprint.parsed_meta.pause is not None

    @property
    def shown(self) -> str:
        """Return the sprint's status, or ``paused`` or ``queued``."""
        return shown_status(self.sprint.status, self.waiting)

    @property
    def attempts(self) -> list[int]:
        """Return all attempts, newest first."""
        return list(range(self.sprint.attempt, 0, -1))

    def began(self) -> Iterator[tuple[str, int]]:
        """Yield the round and the attempt of everything that began."""
        yield from ((task.round_id, task.attempt) for task in self.tasks)
        yield from ((run.round_id, run.attempt) for run in self.runs)

    def run(self, name: str) -> GateRun | None:
        """Return the run of that name, ``gate_id/number``; None if there is none."""
        return next((run for run in self.runs if run.pk.partition("/")[2] == name), None)

    def as_of(self, attempt: int) -> tuple[list[Task], list[GateRun]]:
        """Return the tasks and runs valid in that attempt; finished rounds are not run again."""
        last: dict[str, int] = {}
        for round_id, at in self.began():
            if at <= attempt:
                last[round_id] = max(at, last.get(round_id, 0))
        return (
            [task for task in self.tasks if task.attempt == last.get(task.round_id)],
            [run for run in self.runs if run.attempt == last.get(run.round_id)],
        )


def rows_of(sprint_id: str) -> SprintRows:
    """Return the sprint's present rows. Raises ``Refused`` for an unknown or invalid id."""
    sprint = queries.get(sprint_id)
    runs = GateRun.objects.filter(round__sprint=sprint_id).order_by(
        "attempt", "round_id", "started_at", "number"
    )
    tasks = Task.objects.filter(round__sprint=sprint_id).defer("prompt", "reply")
    deliveries = Delivery.objects.filter(sprint_id=sprint_id).defer("payload", "output")
    return SprintRows(
        sprint=sprint,
        rounds=list(Round.objects.filter(sprint=sprint_id)),
        tasks=list(tasks),
        runs=list(runs),
        events=[event.body for event in reversed(queries.last_events(MOST_EVENTS, sprint_id))],
        deliveries=list(deliveries.order_by("-created_at", "-seq")[:MOST_DELIVERIES]),
        waiting=waiting_for(sprint),
    )


def texts_of(tasks: list[Task]) -> dict[str, tuple[str, str]]:
    """Return prompt and reply of these tasks, by id."""
    rows = Task.objects.filter(pk__in=[task.pk for task in tasks])
    return {pk: (prompt, reply) for pk, prompt, reply in rows.values_list("pk", "prompt", "reply")}
