"""Whether a host's workers have gone silent, by what we saw ourselves.

No clock is believed that somebody may set, nor one that went on while this machine, or we alone,
stood still: after that the workers have not had the time either.
"""

from time import monotonic

from sprints.models import Host
from sprints.models.host import SILENT_S
from sprints.models.lease import held_here

BEAT_S = 4.0  # from one beat that is asked for to the next
ANSWER_S = SILENT_S - BEAT_S
ABSENCE_S = 2.0  # what lies further between two looks was an absence of our own


class Silence:
    """Grows from look to look while a beat that was asked for stays without an answer."""

    def __init__(self, host: str, workers: int) -> None:
        self._host = host
        self._workers = workers
        self._answer: object = None
        self._looked_at = 0.0
        self.begin()

    def begin(self) -> None:
        """A cluster has just been started: it is given time."""
        self._patient_until = monotonic() + SILENT_S
        self.excuse()

    def excuse(self) -> None:
        """No beat could be asked for, and nobody can answer what was not asked."""
        self._asked = False
        self._seconds = 0.0

    def wants_beat(self) -> bool:
        """Whether to ask: they have answered, or are free to and did not, so that the beat may be
        lost. While all of them carry a sprint the one that they were asked for is enough.
        """
        return not self._asked or self._seconds > 0

    def asked(self) -> None:
        """A beat has been asked for."""
        self._asked = True

    def look(self) -> bool:
        """True when the workers owe an answer for too long, and not because all of them carry a
        sprint. To be asked every second. Raises ``DatabaseError``.
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
