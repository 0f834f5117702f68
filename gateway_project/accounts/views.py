"""Sign users in and out."""

from contextlib import nullcontext

from axes.handlers.proxy import AxesProxyHandler
from django import forms
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from gateway_project.accounts import failed_sign_ins, sign_in_limits, tokens
from gateway_project.accounts.authentication import BEGAN_WITH
from gateway_project.accounts.sign_in_limits import COOLOFF
from sprints.models.redaction import clean

BACKEND = "django.contrib.auth.backends.ModelBackend"


class SignIn(forms.Form):
    """The form: a token, or a name and a password."""

    token = forms.CharField(required=False, max_length=400)
    username = forms.CharField(required=False, max_length=150)
    password = forms.CharField(required=False, max_length=400, strip=False)


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the page, or process its form. Errors for token and password are the same."""
    after = _after(request)
    if request.method != "POST":
        if request.user.is_authenticated:
            return HttpResponseRedirect(after)
        return render(request, "accounts/sign_in.html", {"next": after})
    form = SignIn(request.POST)
    said = "The token or the password is not valid."
    try:
        if form.is_valid() and _let_in(request, **form.cleaned_data):
            return HttpResponseRedirect(after)
    except sign_in_limits.Busy:
        return _busy(request, after)
    failed_sign_ins.report(request, form.cleaned_data.get("username", ""))
    return render(request, "accounts/sign_in.html", {"next": after, "error": said}, status=401)


def _let_in(request: HttpRequest, *, token: str, username: str, password: str) -> bool:
    """Sign the user in; return False if that fails.

    A valid token always works; a password only until too many attempts have failed. Raises
    ``Busy`` while other passwords are compared.
    """
    if token:
        row = tokens.find(token)
        if row is None:
            user_login_failed.send(__name__, credentials={"username": "a token"}, request=request)
            return False
        login(request, row.user, backend=BACKEND)
        request.session[BEGAN_WITH] = row.pk
        tokens.used(row)
        return True
    user = _by_password(request, username, password) if username else None
    if isinstance(user, User):
        login(request, user)
        return True
    return False


def _by_password(request: HttpRequest, username: str, password: str) -> object:
    """Return the user, or None; only a password that will be compared needs a turn."""
    asked = {"username": username, "password": password}
    is_locked = not AxesProxyHandler.is_allowed(request, asked)
    with nullcontext() if is_locked else sign_in_limits.turn():
        return authenticate(request, **asked)


def _busy(request: HttpRequest, after: str) -> HttpResponse:
    said = "Other sign-ins are being checked. Try again in a few seconds, or sign in with a token."
    what = {"next": after, "error": said}
    busy = render(request, "accounts/sign_in.html", what, status=429)
    busy["Retry-After"] = str(sign_in_limits.RETRY_S)
    return busy


def name_given(request: HttpRequest, credentials: dict[str, str] | None = None) -> str:
    """Return the tried name for the log of failures, without a token typed in its place."""
    name = (credentials or {}).get("username") or request.POST.get("username", "")
    return str(clean(name))


def _after(request: HttpRequest) -> str:
    """Return the path to go to after signing in: always one of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if ours and wanted.startswith("/") else resolve_url("dashboard")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return HttpResponseRedirect(resolve_url("login"))


def too_many_attempts(
    request: HttpRequest, response: HttpResponse, credentials: dict[str, str]
) -> HttpResponse:
    """Refuse passwords for a while; the token in config.json still works."""
    wait = COOLOFF.total_seconds() / 60
    said = f"Too many failed attempts. Wait {wait:.0f} minutes, or sign in with a token."
    what = {"next": _after(request), "error": said}
    return render(request, "accounts/sign_in.html", what, status=429)
