"""Serve the queue's table as django-q's broker: woken by writers, ignoring unknown messages."""

import time

from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.models import OrmQ

from gates import fault_points
from sprints.queue.message import allowed, ours
from sprints.queue.wakeup import ear, wake

LOOK_S = 2.0  # the longest wait, if a wake-up was missed
AWAY_S = 1.0  # between attempts while the database is away


class Broker(ORM):  # type: ignore[misc]
    """A broker that claims a message by deleting it, which succeeds for one reader only."""

    def enqueue(self, task: str) -> int:
        """Add a message in the caller's transaction, and wake the readers after the commit."""
        fault_points.point("before_enqueue")
        row = OrmQ.objects.create(key=self.list_key, payload=task, lock=timezone.now())
        transaction.on_commit(wake)
        fault_points.point("after_enqueue")
        return int(row.pk)

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Return the oldest free message for this store; None after a while without one."""
        try:
            found = self._claim()
            if found is None:
                ear().wait(LOOK_S)
        except DatabaseError:
            connection.close()
            time.sleep(AWAY_S)
            return None
        return found

    def _claim(self) -> list[tuple[int, str]] | None:
        row = OrmQ.objects.filter(key__in=ours()).order_by("id").first()
        if row is None:
            return None
        mine, _ = OrmQ.objects.filter(pk=row.pk).delete()
        return [(row.pk, row.payload)] if mine and allowed(row.payload) else []

    def acknowledge(self, task_id: int) -> None:
        """Do nothing: a claimed message is deleted already, and ``reconcile`` repeats lost ones."""

    def answers(self) -> bool:
        """Return True: a missing database raises by itself."""
        return True

    def letters(self) -> list[str]:
        """Return the messages that wait for this store's readers, the oldest first."""
        rows = OrmQ.objects.filter(key=self.list_key).order_by("id")
        return list(rows.values_list("payload", flat=True))

    def waiting(self) -> tuple[int, str | None]:
        """Return the number of all waiting messages, and the oldest one."""
        rows = OrmQ.objects.order_by("id")
        return rows.count(), rows.values_list("payload", flat=True).first()
