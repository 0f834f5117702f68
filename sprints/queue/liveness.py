"""Detect silent workers by this process's own observations.

Clocks that can be set are not used. Time in which this machine or this process stood still does not
count, because the workers had no time either.
"""

from time import monotonic

from sprints.models import Host
from sprints.models.host import SILENT_S
from sprints.models.lease import held_here

BEAT_S = 4.0  # between two requested heartbeats
ANSWER_S = SILENT_S - BEAT_S
ABSENCE_S = 2.0  # a longer gap between two looks was this process's own absence


class Silence:
    """The time without an answer, which grows while a requested heartbeat stays unanswered."""

    def __init__(self, host: str, workers: int) -> None:
        self._host = host
        self._workers = workers
        self._answer: object = None
        self._looked_at = 0.0
        self.begin()

    def begin(self) -> None:
        """Start a grace period for a new cluster."""
        self._patient_until = monotonic() + SILENT_S
        self.excuse()

    def excuse(self) -> None:
        """Reset the silence, because no heartbeat could be requested."""
        self._asked = False
        self._seconds = 0.0

    def needs_heartbeat(self) -> bool:
        """Return whether to request a heartbeat.

        A request may be lost if idle workers do not answer. While all of them run a sprint, the
        pending request is enough.
        """
        return not self._asked or self._seconds > 0

    def asked(self) -> None:
        """Note that a heartbeat has been requested."""
        self._asked = True

    def look(self) -> bool:
        """Return whether an answer is overdue although not all workers run a sprint.

        Call this every second. Raises ``DatabaseError``.
        """
        since, self._looked_at = self._looked_at, monotonic()
        answers = Host.objects.filter(pk=self._host).values_list("worked_at", flat=True)
        answer = answers.first()
        if answer is None or answer != self._answer:
            self._answer = answer
            self.excuse()
        elif held_here() >= self._workers:
            self._seconds = 0.0
        elif self._asked:
            self._seconds += min(self._looked_at - since, ABSENCE_S)
        return self._seconds > ANSWER_S and self._looked_at > self._patient_until
