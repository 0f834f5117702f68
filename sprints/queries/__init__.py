"""What is asked of the rows, for every face; nothing here writes."""

import contextlib
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db.models import Count, F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from gates.models import Gate
from sprints.ids import BadId, check_id
from sprints.models import Event, Head, Host, Schedule, Sprint
from sprints.models.host import ALIVE_S, SILENT_S
from sprints.models.lease import held, holder
from sprints.models.loading import consistent, load
from sprints.queries.budgets import budgets
from sprints.queries.errors import Unknown
from sprints.queries.sprints import ids, listed
from sprints.queries.waiting import waits_of
from sprints.state.event_format import stamp
from sprints.state.snapshot import Snapshot
