"""Load django-q as an app, without the libraries that are not used here."""

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Make imports of ``names`` fail in the block, as if they were not installed."""
    loaded = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    for name in names:
        sys.modules[name] = None  # type: ignore[assignment]  # it says so to the import
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
        sys.modules.update(loaded)


# croniter is for its schedules, Prometheus's library for numbers of dead workers. Both are
# extras of django-q that are not used here, and every command would load them.
with hidden("croniter", "prometheus_client"):
    from django_q.apps import DjangoQConfig


class DjangoQ(DjangoQConfig):  # type: ignore[misc]
    """The app of django-q, under its own name."""
