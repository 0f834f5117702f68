"""What every broker of ours asks of a message: that it is signed, of ours, and for us."""

import hashlib
from typing import Any

from django.conf import settings
from django_q.conf import Conf
from django_q.signing import BadSignature, SignedPackage

from sprints.queue.enqueue import ALLOWED


def allowed(payload: str | bytes) -> bool:
    """True for a message that we have signed and that names a function of ours."""
    return asked(payload)[0] in ALLOWED


def asked(payload: str | bytes) -> tuple[Any, Any]:
    """The function that a message names, and its arguments; nothing for one that is not ours."""
    try:
        package = SignedPackage.loads(payload)
        return package.get("func"), package.get("args")
    except (BadSignature, TypeError, ValueError, AttributeError):
        return None, None


def key_of(place: str) -> str:
    """The key of the messages for that place alone; empty means whoever comes first."""
    if not place:
        return str(Conf.CLUSTER_NAME)
    return f"{Conf.CLUSTER_NAME}:{hashlib.sha256(place.encode()).hexdigest()[:16]}"


def ours() -> list[str]:
    """The keys that this store reads: its own first."""
    return [key_of(settings.STORE.place), key_of("")]
