"""Order the sprints that wait for a turn: which is next, and why none moves.

A worker takes the first sprint of ``lease.in_order`` that it may run. A host runs one sprint at a
time in its repository, and all hosts together no more than ``max_concurrent_global``.
"""

from dataclasses import replace
from datetime import datetime
from functools import cached_property

from django.conf import settings

from sprints.models import Host, Sprint
from sprints.models.host import SILENT_S, living_places
from sprints.models.lease import database_clock, held, holder, in_order
from sprints.state.actors import WORKER
from sprints.state.wait_reason import WaitCode, WaitReason
from sprints.store.config_values import current_config


class Queue:
    """The queue at one moment. Each query is made at most once and only when needed."""

    def __init__(self) -> None:
        self._orders: dict[str, dict[str, int]] = {}

    @cached_property
    def paused(self) -> bool:
        """Return this store's setting ``automation_paused``."""
        return current_config().automation_paused

    @cached_property
    def rows(self) -> list[Sprint]:
        """Return the sprints that no living process runs, in the order of their turns."""
        taken = {pk for _, pk in self.running}
        names = ("sprint_id", "home", "status", "created_at", "started_at", "finished_at")
        return [row for row in in_order().only(*names) if row.pk not in taken]

    @cached_property
    def running(self) -> list[tuple[str, str]]:
        """Return place and id of each sprint that a living process runs."""
        return sorted((row.home, row.pk) for row in held() if holder(row))

    @cached_property
    def _hosts(self) -> dict[str, Host]:
        """Return the living host of each place."""
        return {row.place: row for row in Host.objects.filter(place__in=living_places())}

    @cached_property
    def _now(self) -> datetime:
        """Return the database's time."""
        return database_clock()

    def who(self, row: Sprint) -> str:
        """Return who is asked to run the sprint, in words."""
        host = self._hosts.get(row.home)
        return f"{WORKER} of {host.name}" if host else WORKER

    def wait(self, row: Sprint, since_ts: str) -> WaitReason:
        """Return for what a sprint in the queue waits, with its place."""
        place, places = self._place(row)
        wait = WaitReason(WaitCode.QUEUED, self.who(row), since_ts, place=place, places=places)
        home = row.home or settings.STORE.place
        if before := next((pk for at, pk in self.running if at == home and pk != row.pk), ""):
            return replace(wait, code=WaitCode.TURN, before=before)
        if not self._hosts:
            return replace(wait, code=WaitCode.NO_WORKER)
        if all(self._is_silent(host) for host in self._able(row)):
            return replace(wait, code=WaitCode.NO_ANSWER)
        if len(self.running) >= (most := current_config().max_concurrent_global):
            return replace(wait, code=WaitCode.LIMIT, most=most)
        return wait

    def _place(self, row: Sprint) -> tuple[int, int]:
        """Return the sprint's place from 1, and the number of places.

        Sprints whose files are on different living hosts are in different queues.
        """
        home = self._tied(row)
        if home not in self._orders:
            rivals = (one for one in self.rows if not home or self._tied(one) in ("", home))
            self._orders[home] = {one.pk: place for place, one in enumerate(rivals, 1)}
        order = self._orders[home]
        place = order.get(row.pk, len(order) + 1)
        return place, max(place, len(order))

    def _tied(self, row: Sprint) -> str:
        """Return the place of the living host that alone may run the sprint; empty for any."""
        return row.home if row.home in self._hosts else ""

    def _able(self, row: Sprint) -> list[Host]:
        """Return the hosts that may run the sprint."""
        host = self._hosts.get(row.home)
        return [host] if host else [*self._hosts.values()]

    def _is_silent(self, host: Host) -> bool:
        """Return whether no worker of a host has answered for long, though one of them is idle."""
        busy = sum(place == host.place for place, _ in self.running)
        quiet_s = (self._now - host.worked_at).total_seconds()
        return quiet_s > SILENT_S and busy < host.workers
