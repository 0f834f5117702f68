"""Which sprints have stopped for a reason, as a condition of a query."""

from functools import reduce
from operator import or_

from django.db.models import Q

from sprints.state.stop_reason import StopCode
from sprints.state.version0 import beginnings


def stopped_with(*codes: StopCode) -> Q:
    """Return the condition that a sprint has stopped for one of ``codes``, of one or more; a
    version before codes has written ``last_error`` alone.
    """
    old = (Q(last_error__startswith=text) for text in beginnings(codes))
    known = Q(stop_reason__code__in=[code.value for code in codes])
    return known | Q(stop_reason__isnull=True) & reduce(or_, old)
