"""Use Redis as the queue; it may lose messages, which ``reconcile`` repeats."""

import sys
import time

from django.db import transaction
from django_q.brokers.redis_broker import Redis
from redis.exceptions import RedisError

from sprints.queue.message import allowed, ours

LOOK_S = 2
AWAY_S = 1.0


class Broker(Redis):  # type: ignore[misc]
    """A broker with one list a place; a popped message is claimed."""

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        self.list_key = list_key or ours()[-1]

    def enqueue(self, task: str) -> None:
        """Add a message once the caller's transaction is committed."""
        transaction.on_commit(lambda: self._push(task))

    def _push(self, task: str) -> None:
        try:
            self.connection.rpush(self.list_key, task)
        except RedisError as exc:
            sys.stderr.write(f"the queue is away; a worker finds the sprint by itself: {exc}\n")

    def dequeue(self) -> list[tuple[None, bytes]] | None:
        """Return the oldest message for this store; None after a while without one."""
        try:
            found = self.connection.blpop(ours(), LOOK_S)
        except RedisError:
            time.sleep(AWAY_S)
            return None
        return [(None, found[1])] if found and allowed(found[1]) else None

    def answers(self) -> bool:
        """Return whether the server is there."""
        try:
            return bool(self.connection.ping())
        except RedisError:
            return False

    def letters(self) -> list[bytes]:
        """Return the messages for this store's readers, oldest first; none if Redis is away."""
        try:
            return list(self.connection.lrange(self.list_key, 0, -1))
        except RedisError:
            return []

    def waiting(self) -> tuple[int, bytes | None]:
        """Return the number of all waiting messages, and the oldest one. Raises ``OSError``."""
        try:
            keys = self.connection.keys(f"{ours()[-1]}*")
            firsts = [first for key in keys if (first := self.connection.lindex(key, 0))]
            return sum(self.connection.llen(key) for key in keys), firsts[0] if firsts else None
        except RedisError as exc:
            raise OSError(f"the queue is away: {exc}") from exc
