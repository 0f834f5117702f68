"""Deliver due events in threads of a process that has other work.

Each hook has its own thread, so that a hook that hangs delays only itself. The queue's workers do
not deliver, because a hook that hangs would delay a sprint.
"""

import threading
import time
from collections import deque
from types import TracebackType
from typing import Self

from django.db import Error, connection
from django.utils import timezone

from gates.process import Stop
from sprints.hooks import outbox
from sprints.models import Delivery
from sprints.models.transitions import event_committed
from sprints.store.log_and_retry import put_off

LOOK_S = 1.0
STOP_S = 5.0


class DeliveryWorker:
    """A context manager that delivers due events while its block lasts.

    At its end, pending deliveries get ``linger_s`` seconds. Deliveries that still run then are
    stopped, and repeated by the next process.
    """

    def __init__(self, linger_s: float = 0.0) -> None:
        self._linger_s = linger_s
        self._called = threading.Event()
        self._leaving = self._stopping = False
        self._lanes: dict[str, threading.Thread] = {}
        self._lost: deque[Delivery] = deque()  # claimed here, when the database went away
        self._looks = threading.Thread(target=self._look, name="courier", daemon=True)

    def __enter__(self) -> Self:
        event_committed.connect(self._call)
        self._looks.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        event_committed.disconnect(self._call)
        self._leaving = True
        self._called.set()
        self._looks.join()
        end = time.monotonic() + self._linger_s
        while self._go_round() and time.monotonic() < end:
            time.sleep(0.02)
        self._stopping = True
        end = time.monotonic() + STOP_S
        for lane in self._lanes.values():
            lane.join(max(0.0, end - time.monotonic()))

    def _call(self, **kwargs: object) -> None:
        """Wake the thread on ``event_committed``."""
        self._called.set()

    def _look(self) -> None:
        while not self._leaving:
            self._go_round()
            self._called.wait(LOOK_S)
            self._called.clear()
        connection.close()

    def _go_round(self) -> bool:
        """Queue new deliveries, and start a thread for each hook with a due one.

        Return False if nothing is under way.
        """
        self._lanes = {name: lane for name, lane in self._lanes.items() if lane.is_alive()}
        now = timezone.now()
        try:
            while self._lost:
                outbox.give_back(self._lost[0], now)
                self._lost.popleft()
            outbox.hand_out(now)
            for name in outbox.due(now) - self._lanes.keys():
                self._open(name)
        except Error:
            connection.close()  # the database is away for a moment: look again
            return False
        except Exception as exc:
            put_off(exc)
        return bool(self._lanes)

    def _open(self, name: str) -> None:
        lane = threading.Thread(target=self._lane, args=(name,), name=f"hook {name}", daemon=True)
        lane.start()
        self._lanes[name] = lane

    def _lane(self, name: str) -> None:
        found = None
        try:
            while not self._stopping and (found := outbox.claim(timezone.now(), hook_id=name)):
                outbox.carry_out(*found, self._tick)
        except Error:
            if found is not None:
                self._lost.append(found[0])
        finally:
            connection.close()

    def _tick(self) -> Stop | None:
        return Stop("the gateway stops") if self._stopping else None
