"""Verify the store every night, in a process of its own, so that nothing waits for it."""

import os
import sys
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from gates.program import Program
from sprints.cron import machine_zone, next_after
from sprints.models import Host
from sprints.models.host import living
from sprints.models.transitions import note
from sprints.state.event_codes import EventCode, EventKind
from sprints.state.messages import message

NIGHTLY = "0 3 * * *"  # by this machine's clock
SAID = (0, 1)  # exit codes after a recorded result


class Nightly:
    """The nightly verification of one host.

    A night is done when its result is recorded: an interrupted verification is repeated.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._program: Program | None = None

    def look(self) -> None:
        """Start the verification if it is due, or take note of its end. Raises ``OSError``."""
        if self._program is None:
            if self._is_due():
                pid = str(os.getpid())
                argv = [sys.executable, "-m", "studio_gateway", "verify", "--record", "--inside"]
                self._program = Program([*argv, pid])
            return
        code = self._program.ended_with()
        if code is None:
            return
        self._program = None
        self._put_off()
        if code not in SAID:
            words = message("event.verify_unfinished", exit_code=code)
            data = {"code": EventCode.VERIFY_UNFINISHED.value, "exit_code": code}
            note(EventKind.ERROR, words, timezone.now(), data)

    def stop(self) -> None:
        """Stop a running verification; the next start repeats it."""
        if self._program:
            self._program.stop(grace_s=0.0)

    def _is_due(self) -> bool:
        """Return whether this host must verify now: the first by name of the hosts of one store."""
        first = living(settings.STORE.place)
        if first is None or first.pk != self._host:
            return False
        now = timezone.now()
        # A later time is of a clock that was ahead.
        if first.verify_at is None or first.verify_at > _following(now):
            self._put_off()
            return False
        return first.verify_at <= now

    def _put_off(self) -> None:
        following = _following(timezone.now())
        Host.objects.filter(place=settings.STORE.place).update(verify_at=following)


def _following(now: datetime) -> datetime:
    return next_after(NIGHTLY, machine_zone(), now)
