"""Authenticate each request by token or session, and set its role."""

import logging
from typing import cast
from urllib.parse import quote

from django.contrib.auth import get_user, logout
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from gateway_project.accounts import tokens
from gateway_project.accounts.models import Token
from gateway_project.accounts.roles import role_of
from sprints.roles import NOBODY, Role
from sprints.store.layout import StoreError
from sprints.views.request import Request
from sprints.views.responses import refuse, wants_page

HEALTH = "/health"
OPEN = frozenset({HEALTH, "/login/"})  # our only paths without authentication
BEGAN_WITH = "token_key"  # in a session: the key of the token with which it began

log = logging.getLogger("sprints.views")


class AuthenticateRequests(AuthenticationMiddleware):
    """A middleware that sets ``request.user`` and ``request.role``, and refuses unknown users.

    They do not learn which paths exist.

    ``request.by_token`` says that the request itself carries its token. Another site's page cannot
    make a browser do this, so such a request needs no CSRF token.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Authenticate the request, and answer it or refuse it."""
        asked = cast(Request, request)
        request.user = AnonymousUser()
        asked.role, asked.by_token = NOBODY, False
        try:
            if request.path_info != HEALTH:  # it answers without the database
                self._recognise(asked)
        except StoreError as exc:
            log.error("%s", exc)
            return refuse(503, "the gateway cannot read its config.json")
        if asked.role == NOBODY and request.path_info not in OPEN:
            return _stranger(request)
        if asked.by_token:
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        return cast(HttpResponse, self.get_response(request))

    def _recognise(self, request: Request) -> None:
        given = token_in(request)
        if given is not None:
            row = tokens.find(given)
            if row is not None:
                tokens.used(row)
                _enter(request, row.user, row)
                request.by_token = True
            return
        user = get_user(request)
        if isinstance(user, User):
            key = request.session.get(BEGAN_WITH)
            row = Token.objects.select_related("user").filter(pk=key).first() if key else None
            if key and (row is None or not tokens.is_current(row)):
                logout(request)
                return
            _enter(request, user, row)


def _enter(request: Request, user: User, row: Token | None) -> None:
    role = role_of(user)
    if role is not None:
        request.user = user
        request.role = min(role, Role.named(row.role)) if row else role


def token_in(request: HttpRequest) -> str | None:
    """Return the token in a request's headers (latin-1); None if there is none."""
    given = request.headers.get("X-Studio-Gateway-Token", "")
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if not given and scheme.lower() == "bearer":
        given = bearer.strip()
    elif not given and not scheme:
        return None
    return given


def _stranger(request: HttpRequest) -> HttpResponse:
    if wants_page(request) and request.method in ("GET", "HEAD"):
        return HttpResponseRedirect(f"{reverse('login')}?next={quote(request.get_full_path())}")
    return refuse(401, "unauthorized", **{"WWW-Authenticate": "Bearer"})
