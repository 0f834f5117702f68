"""Put a message into the queue, and return the queue's depth."""

import contextlib

from django.conf import settings
from django.utils import timezone

from sprints.contract.json_types import JsonObject
from sprints.models import Sprint
from sprints.models.host import living

# The only functions that a worker runs, whatever a message names. They are here, not in
# ``message``, because that imports django-q, and every command imports this module.
WORK, HEARTBEAT = "sprints.queue.tasks.work", "sprints.queue.tasks.heartbeat"
ALLOWED = frozenset({WORK, HEARTBEAT})


def ask(sprint_id: str) -> None:
    """Queue a message to run the sprint, in the caller's transaction, if there is one.

    It goes to the living host that has the sprint's files, else to this store, else to any host.
    """
    _enqueue(WORK, sprint_id, _place_of(sprint_id))


def _place_of(sprint_id: str) -> str:
    home = Sprint.objects.values_list("home", flat=True).get(pk=sprint_id)
    places = [place for place in (home, settings.STORE.place) if place and living(place)]
    return places[0] if places else ""


def request_heartbeat(host: str) -> bool:
    """Queue a heartbeat request for the workers of ``host``, unless one is queued.

    The host must serve this store. Return False if the queue is away.
    """
    from django_q.brokers import get_broker

    if not get_broker().answers():
        return False
    if not _is_queued(HEARTBEAT, host, settings.STORE.place):
        _enqueue(HEARTBEAT, host, settings.STORE.place)
    return True


def _is_queued(function: str, argument: str, place: str) -> bool:
    from django_q.brokers import get_broker

    from sprints.queue.message import asked, key_of

    wanted = (function, (argument,))
    return any(asked(letter) == wanted for letter in get_broker(key_of(place)).letters())


def _enqueue(function: str, argument: str, place: str) -> None:
    from django_q.brokers import get_broker
    from django_q.tasks import async_task

    from sprints.queue.message import key_of

    to = get_broker(key_of(place))
    name = f"{function.rpartition('.')[2]} {argument}"
    async_task(function, argument, task_name=name, broker=to)


def depth() -> JsonObject:
    """Return the number of waiting messages, and the age of the oldest in seconds.

    ``away`` says why the queue cannot be read.
    """
    from django_q.brokers import get_broker
    from django_q.signing import BadSignature, SignedPackage

    try:
        count, oldest = get_broker().waiting()
    except OSError as exc:
        return {"messages": 0, "oldest_s": None, "away": str(exc)}
    age = None
    with contextlib.suppress(BadSignature):
        if oldest:
            begun = SignedPackage.loads(oldest)["started"]
            age = round((timezone.now() - begun).total_seconds(), 1)
    return {"messages": count, "oldest_s": age}
