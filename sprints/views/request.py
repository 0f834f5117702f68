"""Define the type of a request in a view, for annotations."""

from typing import cast

from django.contrib.auth.models import User
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from sprints.roles import Role


class Request(HttpRequest):
    """A request with its user, role, and whether it carries a token."""

    user: User
    role: Role | int  # NOBODY on paths without authentication
    by_token: bool
    htmx: HtmxDetails


def role_of(request: HttpRequest) -> int:
    """Return the role of the request's user, where a type of Django's hides it."""
    return cast(Request, request).role
