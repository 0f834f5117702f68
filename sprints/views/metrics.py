"""Serve ``GET /metrics`` for Prometheus, whose library is optional and used only here."""

from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from sprints.health.gauges import gauges
from sprints.roles import Role
from sprints.views import request_metrics
from sprints.views.middleware import needs
from sprints.views.responses import only, refuse

if TYPE_CHECKING:
    from prometheus_client.core import Metric

MISSING = "metrics need an extra: pip install 'studio-gateway[metrics]'"


@only("GET")
@needs(Role.VIEWER)
def metrics(request: HttpRequest) -> HttpResponse:
    """Return all metrics as text; 501 without the library."""
    try:
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    except ImportError:
        return refuse(501, MISSING)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collected())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Collected:
    """The numbers at the time of the request."""

    def describe(self) -> list["Metric"]:
        """Return nothing in advance."""
        return []

    def collect(self) -> Iterator["Metric"]:
        """Yield the metrics of the engine, then those of the web."""
        yield from _engine()
        yield _requests()


def _engine() -> Iterator["Metric"]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

    now = gauges()
    yield InfoMetricFamily("studio_gateway", "This gateway", {"version": settings.VERSION})
    sprints = GaugeMetricFamily("studio_gateway_sprints", "Sprints by status", labels=["status"])
    for status, count in now.sprints.items():
        sprints.add_metric([status], count)
    yield sprints
    for name, what, value in (
        ("gates_running", "Gate runs without a verdict yet", now.gates_running),
        ("sprints_queued", "Sprints that wait for a turn", now.queued),
        ("sprints_queued_longest_seconds", "The longest of these waits", now.queued_longest_s),
        ("queue_messages", "Messages that wait for a worker", now.queue_depth),
        ("queue_oldest_seconds", "Age of the oldest of them", now.queue_oldest_s or 0.0),
        ("queue_away", "1 where the broker does not answer", now.queue_away),
        ("hosts_alive", "Hosts that carry sprints", now.hosts_alive),
        ("hosts_silent", "Living hosts of which no worker answers", now.hosts_silent),
        ("mirror_fault", "1 where events.jsonl and state.json are behind", now.mirror_at_fault),
    ):
        yield GaugeMetricFamily(f"studio_gateway_{name}", what, float(value))
    yield CounterMetricFamily("studio_gateway_events", "The last event's seq", now.events)


def _requests() -> "Metric":
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(
        "studio_gateway_request_seconds",
        "Requests of this web process, and how long they took",
        labels=["route", "method", "status"],
    )
    ends = [*map(str, request_metrics.UP_TO_S), "+Inf"]
    for kind, took in sorted(request_metrics.all_of_them().items()):
        buckets = zip(ends, accumulate(map(float, took.counts)), strict=True)
        family.add_metric([*kind], buckets=[*buckets], sum_value=took.seconds)
    return family
