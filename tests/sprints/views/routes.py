"""Every path of the urlconf: who may ask it, by which method. A path without a row fails a test.

A row is the name of the path (``namespace:name``; the pattern itself where it has none) and, for
each method that it answers, the least role. HEAD goes with GET. A name that ends in ``*`` is a row
for all names that begin so and have none of their own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

from sprints.roles import NOBODY, Role

VIEWER, OPERATOR, ADMIN = Role.VIEWER, Role.OPERATOR, Role.ADMIN

ROUTES: dict[str, dict[str, int]] = {
    "dashboard": {"GET": VIEWER},
    "sprints": {"GET": VIEWER},
    "sprint-new": {"GET": OPERATOR, "POST": OPERATOR},
    "sprint": {"GET": VIEWER},
    "sprint-log": {"GET": VIEWER},
    "sprint-raw": {"GET": VIEWER},
    "sprint-*": {"POST": OPERATOR},
    "gates": {"GET": VIEWER},
    "gate": {"GET": VIEWER},
    "agents": {"GET": VIEWER},
    "events": {"GET": VIEWER},
    "health": {"GET": NOBODY},
    "metrics": {"GET": VIEWER},
    "api-status": {"GET": VIEWER},
    "api-set_config": {"GET": VIEWER, "POST": ADMIN},
    "api-agents": {"GET": VIEWER},
    "api-hosts": {"GET": VIEWER},
    "api-gates": {"GET": VIEWER},
    "api-events": {"GET": VIEWER},
    "api-create": {"GET": VIEWER, "POST": OPERATOR},
    "api-change": {"GET": VIEWER, "POST": OPERATOR},
    "api-artifact": {"GET": VIEWER},
    "api-openapi": {"GET": VIEWER},
    "api-docs": {"GET": VIEWER},
    "api-*": {"POST": OPERATOR},
    "login": {"GET": NOBODY, "POST": NOBODY},
    "logout": {"POST": VIEWER},
    "admin:*": {"GET": VIEWER, "POST": ADMIN},
}

# What stands for an argument: something that exists, and something that does not.
THERE = {"sprint_id": "wk1", "gate_id": "qa_smoke_quick", "app_label": "auth", "url": "nothing"}
NOT_THERE = {"app_label": "auth"}

CAPTURE = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>|\(\?P<(?P<group>\w+)>[^)]*\)")


@dataclass(frozen=True)
class Route:
    """One path: its key in ``ROUTES``, and its pattern."""

    name: str
    pattern: str

    @property
    def roles(self) -> dict[str, int] | None:
        """The row; None where there is none."""
        groups = [key for key in ROUTES if key.endswith("*") and self.name.startswith(key[:-1])]
        return ROUTES.get(self.name) or (ROUTES[max(groups, key=len)] if groups else None)

    @property
    def is_djangos(self) -> bool:
        """A path of Django's admin, which asks for a right of each model in its own way."""
        return self.name.startswith("admin:")

    def path(self, there: bool = False) -> str:
        """The path with its arguments filled in: of things that are there, or are not."""

        def value(found: re.Match[str]) -> str:
            name = found["name"] or found["group"]
            plain = "999" if found["kind"] == "int" else "no-such"
            return (THERE if there else NOT_THERE).get(name, plain)

        return "/" + CAPTURE.sub(value, self.pattern).replace("^", "").rstrip("$")


def every_route() -> Iterator[Route]:
    """All routes of the urlconf, those of included ones too."""

    def walk(patterns: list[URLPattern | URLResolver], prefix: str, space: str) -> Iterator[Route]:
        for one in patterns:
            pattern = prefix + str(one.pattern)
            if isinstance(one, URLResolver):
                inner = f"{space}{one.namespace}:" if one.namespace else space
                yield from walk(one.url_patterns, pattern, inner)
            else:
                yield Route(space + (one.name or pattern), pattern)

    return walk(get_resolver().url_patterns, "", "")
