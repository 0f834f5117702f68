"""Check a message for every broker: is it signed by us, known, and for this store?"""

import hashlib

from django.conf import settings
from django_q.conf import Conf
from django_q.signing import BadSignature, SignedPackage

from sprints.queue.enqueue import ALLOWED


def allowed(payload: str | bytes) -> bool:
    """Return whether the message is signed by us and names an allowed function."""
    return asked(payload)[0] in ALLOWED


def asked(payload: str | bytes) -> tuple[str | None, tuple[object, ...] | None]:
    """Return the function that a message names, and its arguments; (None, None) if not ours."""
    try:
        package = SignedPackage.loads(payload)
        return package.get("func"), package.get("args")
    except (BadSignature, TypeError, ValueError, AttributeError):
        return None, None


def key_of(place: str) -> str:
    """Return the key of the messages for that place; empty means any host."""
    if not place:
        return str(Conf.CLUSTER_NAME)
    return f"{Conf.CLUSTER_NAME}:{hashlib.sha256(place.encode()).hexdigest()[:16]}"


def ours() -> list[str]:
    """Return the keys that this store reads, its own first."""
    return [key_of(settings.STORE.place), key_of("")]
