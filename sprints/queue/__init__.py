"""Work in the background: the only package that knows django-q.

A queued message is a hint that may be lost, late or doubled. The lease on the sprint makes
duplicates harmless, and ``reconcile`` asks again for whatever runs with nobody carrying it.
"""

import contextlib
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.models.functions import Now
from django.utils import timezone

from gates import faults, process
from gates.models import GateRun
from sprints.core import agent_tasks
from sprints.core.reducer import fault
from sprints.core.wait_reason import overdue
from sprints.models import Host, Sprint, Task
from sprints.models.host import living
from sprints.models.lease import Held, take, unheld
from sprints.models.transitions import engine_waits, record
from sprints.queue import approval_timeouts
from sprints.queue.enqueue import _is_queued, _place_of, ask
from sprints.queue.message import WORK
from sprints.runner.runner import LeaseLost, Wish, carry
from sprints.state.event_format import stamp
from sprints.state.transitions import Hold, MoveRefused
from sprints.store.layout import StoreError
