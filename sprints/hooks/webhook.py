"""Deliver to a URL: one POST, signed by Standard Webhooks. A 2xx status means delivered.

Redirects and proxies are not used, and at most ``ANSWER_BYTES`` are read.
"""

import base64
import hmac
import http.client
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from socket import socket
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from gates.problem import Problem, ProblemCode
from sprints.contract.hook_spec import MAX_WAIT_S, HookDefinition
from sprints.hooks.address import Guard, connect, is_public, literal
from sprints.hooks.delivery_values import DeliveryAttempt, Tick, head
from sprints.state.delivery_result import DeliveryResult
from sprints.state.messages import message

ANSWER_BYTES = 64 << 10
LONGEST_URL = 2000
PORTS = {"http": 80, "https": 443}
GONE = 410
ASKS_TO_WAIT = (429, 503)


def problems(hook: HookDefinition) -> Iterator[Problem]:
    """Yield why the URL of the hook is refused."""
    url = hook.target[0]
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > LONGEST_URL:
        text = f"a URL is at most {LONGEST_URL} printable ASCII characters without spaces"
        yield Problem("target", ProblemCode.WRONG_FORMAT, text)
        return
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        yield Problem("target", ProblemCode.WRONG_FORMAT, f"the URL cannot be read: {exc}")
        return
    if parts.scheme not in PORTS or not parts.hostname or port == 0:
        text = "a webhook's URL begins with https:// or http:// and a host"
        yield Problem("target", ProblemCode.WRONG_FORMAT, text)
    elif parts.username is not None:
        text = "a URL names no user; the receiver knows us by the signature"
        yield Problem("target", ProblemCode.WRONG_FORMAT, text)
    elif parts.fragment:
        text = "a URL that is posted to has no #fragment"
        yield Problem("target", ProblemCode.WRONG_FORMAT, text)
    elif not hook.allow_private and (found := literal(parts.hostname)) and not is_public(found):
        text = f"{found} is not a public address; if you mean it, allow private addresses"
        yield Problem("allow_private", ProblemCode.CONFLICT, text)


def deliver(letter: DeliveryAttempt, tick: Tick) -> DeliveryResult:
    """Post the payload once; everything, with name resolution and TLS, within the timeout."""
    begun = time.monotonic()
    end = begun + letter.hook.timeout_s
    try:
        status, said, later = _post(letter, end)
    except (OSError, http.client.HTTPException) as exc:
        late = time.monotonic() >= end
        reason = _late(letter) if late else _why(exc)
        return DeliveryResult(False, reason, time.monotonic() - begun)
    return DeliveryResult(
        delivered=200 <= status < 300,
        reason=message(f"outcome.http{'_redirect' if 300 <= status < 400 else ''}", status=status),
        duration_s=time.monotonic() - begun,
        http_status=status,
        output=head(said),
        gone=status == GONE,
        retry_after_s=asked_wait_s(later) if status in ASKS_TO_WAIT else 0.0,
    )


def asked_wait_s(later: str) -> float:
    """Return the seconds that the header ``Retry-After`` asks for, at most ``MAX_WAIT_S``.

    The header holds seconds or an HTTP date; 0 for any other text.
    """
    text = later.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), MAX_WAIT_S)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (at - datetime.now(UTC)).total_seconds()), MAX_WAIT_S)


def _post(letter: DeliveryAttempt, end: float) -> tuple[int, bytes, str]:
    """Return the status, the beginning of the body and the header ``Retry-After``."""
    url = urlsplit(letter.hook.target[0])
    host = url.hostname or ""
    port = url.port or PORTS[url.scheme]
    plain = connect(host, port, end, allow_private=letter.hook.allow_private)
    with plain, Guard(plain, end):
        if url.scheme == "https":
            with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secured:
                return _exchange(secured, url, letter, end)
        return _exchange(plain, url, letter, end)


def _exchange(
    connection: socket, url: SplitResult, letter: DeliveryAttempt, end: float
) -> tuple[int, bytes, str]:
    client = http.client.HTTPConnection(url.hostname or "")
    client.sock = connection
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    client.request("POST", path, letter.text.encode(), {"Host": url.netloc, **headers(letter)})
    with client.getresponse() as response:
        if time.monotonic() >= end:  # cut in the headers, which looks like their end
            raise TimeoutError
        said = b""
        with suppress(OSError, http.client.HTTPException):  # the status is known already
            said = response.read(ANSWER_BYTES)
        return response.status, said, response.getheader("Retry-After", "")


def headers(letter: DeliveryAttempt) -> dict[str, str]:
    """Return the headers: the delivery's id, the time, and the signature of both and the body."""
    at = int(time.time())
    return {
        "Content-Type": "application/json",
        "User-Agent": f"studio-gateway/{settings.VERSION}",
        "Connection": "close",
        "webhook-id": letter.delivery_id,
        "webhook-timestamp": str(at),
        "webhook-signature": _signature(letter, at),
    }


def _signature(letter: DeliveryAttempt, at: int) -> str:
    """Return the signature by the Standard Webhooks specification; ``at`` is in Unix seconds."""
    key = base64.b64decode(letter.secret.removeprefix("whsec_"))
    signed = f"{letter.delivery_id}.{at}.{letter.text}".encode()
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def _late(letter: DeliveryAttempt) -> str:
    return message("outcome.http_late", timeout_s=f"{letter.hook.timeout_s:g}")


def _why(exc: Exception) -> str:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return message("outcome.certificate", error=exc.verify_message)
    if isinstance(exc, http.client.HTTPException):
        return message("outcome.http_none", error=type(exc).__name__)
    return str(exc.args[-1] if exc.args else exc)
