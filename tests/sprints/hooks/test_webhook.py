"""Test that a webhook is one signed POST to a checked address, whatever its receiver does."""

import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from sprints.contract.hook_spec import MAX_WAIT_S, HookDefinition
from sprints.definitions import hooks
from sprints.hooks import address, outbox, webhook
from sprints.hooks.delivery_values import DeliveryAttempt
from sprints.models import Delivery, Event, Hook
from sprints.state.delivery_result import DeliveryResult
from tests import studio

SECRET = "whsec_" + "QUFB" * 10
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nthanks"


class Receiver:
    """A server that takes one request after another and gives each what ``answer`` sends."""

    def __init__(self, answer: Callable[[socket.socket], None], tls: ssl.SSLContext | None) -> None:
        self.requests: list[bytes] = []
        self._answer, self._tls = answer, tls
        self._listens = socket.create_server(("127.0.0.1", 0))
        self.port = self._listens.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more."""
        with suppress(OSError):
            self._listens.shutdown(socket.SHUT_RDWR)
        self._listens.close()
        self._thread.join(10)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                came, _ = self._listens.accept()
                with came, suppress(OSError):
                    came.settimeout(10)
                    if self._tls:
                        with self._tls.wrap_socket(came, server_side=True) as secured:
                            self._talk(secured)
                    else:
                        self._talk(came)

    def _talk(self, came: socket.socket) -> None:
        raw = b""
        while b"\r\n\r\n" not in raw:
            raw += (more := came.recv(1 << 16))
            if not more:
                return
        head, _, body = raw.partition(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if b"ontent-Length" in line
        )
        while len(body) < length:
            body += came.recv(1 << 16)
        self.requests.append(head + b"\r\n\r\n" + body)
        self._answer(came)


def says(raw: bytes) -> Callable[[socket.socket], None]:
    """An answer that is the same each time."""
    return lambda came: came.sendall(raw)


@contextmanager
def receiver(answer: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None):
    """A receiver that is closed in the end."""
    server = Receiver(answer, tls)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def letter(tmp_path: Path) -> Callable[..., DeliveryAttempt]:
    """A letter to a URL; private addresses are allowed unless the test says otherwise."""

    def make(url: str, **changes: Any) -> DeliveryAttempt:
        hook = HookDefinition("h1", "webhook", ("error",), (url,), timeout_s=5, allow_private=True)
        text = json.dumps({"type": "error", "data": {"message": "ä"}})
        return DeliveryAttempt(
            replace(hook, **changes),
            SECRET,
            "msg_1",
            text,
            json.loads(text),
            tmp_path,
            tmp_path / "delivery",
            "msg_1@1",
            "",
        )

    return make


def deliver(letter: DeliveryAttempt) -> DeliveryResult:
    """One try."""
    return webhook.deliver(letter, lambda: None)


def test_the_receiver_can_verify_what_it_gets_with_the_standard_package(letter):
    with receiver(says(OK)) as server:
        answer = deliver(letter(f"http://127.0.0.1:{server.port}/in?x=1"))

    assert (answer.delivered, answer.http_status, answer.output) == (True, 200, "thanks")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert first == "POST /in?x=1 HTTP/1.1"
    assert headers["Host"] == f"127.0.0.1:{server.port}"
    assert headers["webhook-id"] == "msg_1"
    assert Webhook(SECRET).verify(body, headers) == {"type": "error", "data": {"message": "ä"}}
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "QkJC" * 10).verify(body, headers)


@pytest.mark.parametrize(
    ("status", "delivered", "gone"),
    [
        ("201 Created", True, False),
        ("204 No Content", True, False),
        ("301 Moved", False, False),
        ("400 Bad", False, False),
        ("410 Gone", False, True),
        ("429 Slow down", False, False),
        ("500 Oh", False, False),
        ("503 Later", False, False),
    ],
)
def test_only_2xx_is_a_yes_and_410_asks_for_no_more(letter, status, delivered, gone):
    with receiver(says(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())) as server:
        answer = deliver(letter(f"http://127.0.0.1:{server.port}"))

    assert (answer.delivered, answer.gone) == (delivered, gone)
    assert answer.http_status == int(status[:3])


IN_TWO_HOURS = "a date in two hours"


@pytest.mark.parametrize(
    ("status", "later", "seconds"),
    [
        ("429 Slow down", "8", 8),
        ("503 Away", " 120 ", 120),
        ("429 Slow down", "9" * 400, MAX_WAIT_S),
        ("429 Slow down", IN_TWO_HOURS, 7200),
        ("429 Slow down", "Tue, 24 Nov 2020 09:57:01 -0000", 0),
        ("429 Slow down", "soon", 0),
        ("429 Slow down", "-5", 0),
        ("429 Slow down", "", 0),
        ("500 Oh", "8", 0),
        ("301 Moved", "8", 0),
        ("200 OK", "8", 0),
    ],
)
def test_retry_after_counts_for_429_and_503(letter, status, later, seconds):
    if later == IN_TWO_HOURS:
        later = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    raw = f"HTTP/1.1 {status}\r\nRetry-After: {later}\r\nContent-Length: 0\r\n\r\n"
    with receiver(says(raw.encode())) as server:
        answer = deliver(letter(f"http://127.0.0.1:{server.port}"))

    assert answer.retry_after_s == pytest.approx(seconds, abs=60 if seconds == 7200 else 0)


def test_a_redirect_is_not_followed(letter):
    with receiver(says(OK)) as inside:
        moved = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{inside.port}/\r\n\r\n".encode()
        with receiver(says(moved)) as server:
            answer = deliver(letter(f"http://127.0.0.1:{server.port}"))

    assert (answer.delivered, answer.reason) == (False, "HTTP 302; redirects are not followed")
    assert inside.requests == []


def drips(came: socket.socket) -> None:
    """A header line that never ends, a byte at a time: no single wait is ever long."""
    came.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(200):
        came.sendall(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize("answer", [drips, lambda came: came.recv(1)])
def test_a_receiver_that_drips_or_is_silent_is_left_at_the_timeout(letter, answer):
    with receiver(answer) as server:
        said = deliver(letter(f"http://127.0.0.1:{server.port}", timeout_s=0.5))

    assert (said.delivered, said.reason) == (False, "no answer within 0.5 s")
    assert said.duration_s < 4


def body_drips(came: socket.socket) -> None:
    """The same in the body, when the status has been said."""
    came.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(200):
        came.sendall(b"x")
        time.sleep(0.05)


def test_a_receiver_that_has_said_yes_and_then_drips_has_said_yes(letter):
    with receiver(body_drips) as server:
        said = deliver(letter(f"http://127.0.0.1:{server.port}", timeout_s=0.5))

    assert (said.delivered, said.http_status) == (True, 200)
    assert said.duration_s < 4


def test_no_more_than_64_kib_of_an_answer_are_read(letter):
    big = b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + b"y" * (1 << 20)
    with receiver(says(big)) as server:
        answer = deliver(letter(f"http://127.0.0.1:{server.port}"))

    assert answer.delivered
    assert answer.output == "y" * 8000


@pytest.mark.parametrize("raw", [b"", b"\0\1\2\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"x" * 70000])
def test_what_is_no_http_is_a_failed_delivery(letter, raw):
    with receiver(says(raw)) as server:
        answer = deliver(letter(f"http://127.0.0.1:{server.port}"))

    assert not answer.delivered
    assert answer.reason
    assert answer.reason.isprintable()


def test_a_port_where_nobody_listens_is_a_failed_delivery(letter):
    with receiver(says(OK)) as server:
        port = server.port

    answer = deliver(letter(f"http://127.0.0.1:{port}"))

    assert (answer.delivered, answer.reason) == (False, "Connection refused")


def test_a_name_that_nobody_knows_is_a_failed_delivery(letter):
    answer = deliver(letter("https://nosuch.invalid/"))

    assert not answer.delivered
    assert answer.reason.startswith("nosuch.invalid ")


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for the name ``localhost`` that is its own authority, and a server with it."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


def test_a_certificate_that_nobody_vouches_for_is_refused(letter, certificate):
    with receiver(says(OK), certificate[1]) as server:
        answer = deliver(letter(f"https://localhost:{server.port}"))

    assert not answer.delivered
    assert answer.reason.startswith("its certificate was not accepted: self")
    assert server.requests == []


def test_a_certificate_for_another_name_is_refused(letter, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with receiver(says(OK), certificate[1]) as server:
        wrong = deliver(letter(f"https://127.0.0.1:{server.port}"))
        right = deliver(letter(f"https://localhost:{server.port}"))

    assert not wrong.delivered
    assert "not valid for" in wrong.reason
    assert right.delivered
    assert len(server.requests) == 1


def test_tls_that_never_comes_about_is_left_at_the_timeout(letter):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        answer = deliver(letter(f"https://localhost:{port}", timeout_s=0.5))

    assert (answer.delivered, answer.reason) == (False, "no answer within 0.5 s")


PRIVATE = """
    127.0.0.1 127.8.9.10 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1
    169.254.169.254 100.64.0.1 198.18.0.1 192.0.2.1 203.0.113.9 224.0.0.1 239.1.1.1 240.0.0.1
    255.255.255.255 ::1 :: ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:10.0.0.1 ::127.0.0.1
    fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 ff02::1 fec0::1 2001:db8::1 2002:7f00:1::
    2001:0:7f00:1:: 64:ff9b::7f00:1 64:ff9b:1::1 100::1
""".split()


@pytest.mark.parametrize("text", PRIVATE)
def test_an_address_that_is_not_for_everybody(text):
    assert not address.is_public(text)


@pytest.mark.parametrize("text", ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111"])
def test_an_address_for_everybody(text):
    assert address.is_public(text)


LEADS_INSIDE = """
    http://127.0.0.1 http://127.1 http://0x7f.1 http://0x7f000001 http://2130706433
    http://0177.0.0.1 http://017700000001 http://0 http://0.0.0.0 http://localhost
    http://LOCALHOST http://a.localhost http://10.1.2.3:8080 http://192.168.0.1 http://172.20.1.1
    http://169.254.169.254/latest/meta-data/ http://2852039166 https://127.0.0.1:8443
    http://[::1] http://[::] http://[::ffff:127.0.0.1] http://[::ffff:7f00:1]
    http://[::ffff:169.254.169.254] http://[fd00:ec2::254] http://[fe80::1] http://[64:ff9b::a9fe:a9fe]
    http://[2002:7f00:1::] http://100.100.100.200
""".split()


@pytest.mark.parametrize("url", LEADS_INSIDE)
def test_a_url_that_leads_inside_is_refused_when_it_is_kept_and_when_it_is_sent(letter, url):
    private = letter(url, allow_private=False)

    assert any("not a public address" in one.text for one in webhook.problems(private.hook))
    answer = deliver(private)

    assert not answer.delivered
    assert "not a public address" in answer.reason or "cannot be resolved" in answer.reason


def places(*found: str) -> Callable[..., list]:
    """A resolver that knows these addresses."""
    return lambda host, port, **more: [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found
    ]


def connect(port: int, resolve: Callable[..., list], *, allow_private: bool = False):
    """A connection to ``example.test`` as that resolver sees it."""
    end = time.monotonic() + 5
    return address.connect("example.test", port, end, allow_private=allow_private, resolve=resolve)


def test_a_name_with_one_private_address_among_others_is_refused():
    with pytest.raises(address.NotPublic, match=r"example\.test is 10\.0\.0\.1"):
        connect(80, places("1.1.1.1", "10.0.0.1"))


def test_a_name_is_resolved_once_and_what_was_checked_is_connected_to():
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])

    def rebinding(host: str, port: int, **more: object) -> list:
        return places(*next(answers))(host, port)

    with receiver(says(OK)) as server:
        connect(server.port, rebinding, allow_private=True).close()

    assert list(answers) == [["169.254.169.254"]]


def test_a_resolver_that_says_nothing_is_left_at_the_timeout():
    with pytest.raises(OSError, match="was not resolved in time"):
        address.connect(
            "example.test",
            80,
            time.monotonic() + 0.2,
            allow_private=False,
            resolve=lambda *_, **__: time.sleep(3),
        )


def test_an_address_that_does_not_answer_is_passed_over_for_the_next():
    with receiver(says(OK)) as server:
        found = places("127.0.0.2", "127.0.0.1")

        connect(server.port, found, allow_private=True).close()


def kept(port: int, **changes: Any) -> Hook:
    """A webhook on the receiver, and a delivery to it that is due."""
    plain = HookDefinition("h1", "webhook", ("sprint_created",), (f"http://127.0.0.1:{port}/",))
    row = hooks.put(replace(plain, allow_private=True, **changes))
    studio.create("wk1")
    outbox.hand_out(timezone.now())
    return row


def bring() -> Delivery:
    """Try the delivery, and return it as it is then."""
    found = outbox.claim(timezone.now())
    assert found is not None
    outbox.carry_out(*found, lambda: None)
    return studio.delivery()


def test_each_try_is_signed_anew_for_the_same_id_and_the_same_body(store):
    answers = iter([b"HTTP/1.1 500 Oh\r\n\r\n", b"HTTP/1.1 503 Later\r\n\r\n", OK])
    with receiver(lambda came: came.sendall(next(answers))) as server:
        row = kept(server.port, backoff_s=0)

        statuses = [bring().status for _ in range(3)]

    assert statuses == ["pending", "pending", "delivered"]
    parts = [raw.partition(b"\r\n\r\n") for raw in server.requests]
    headers = [
        dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:]) for head, *_ in parts
    ]
    assert {one["webhook-id"] for one in headers} == {studio.delivery().pk}
    for one, (_, _, body) in zip(headers, parts, strict=True):
        assert Webhook(row.secret).verify(body, one)["data"]["sprint_id"] == "wk1"


def test_all_deliveries_of_a_hook_wait_as_long_as_its_receiver_asks(store):
    with receiver(says(b"HTTP/1.1 429 Slow down\r\nRetry-After: 300\r\n\r\n")) as server:
        kept(server.port, backoff_s=1)
        studio.create("wk2")
        outbox.hand_out(timezone.now())

        found = outbox.claim(timezone.now())
        assert found
        outbox.carry_out(*found, lambda: None)

    rows = Delivery.objects.all()
    waits = [(row.next_at - timezone.now()).total_seconds() for row in rows]
    assert [row.status for row in rows] == ["pending"] * len(rows)
    assert len(waits) > 1
    assert all(290 < wait <= 300 for wait in waits)


def test_410_disables_the_hook_and_is_told(store):
    with receiver(says(b"HTTP/1.1 410 Gone\r\n\r\n")) as server:
        kept(server.port)

        row = bring()

    assert (row.status, row.http_status) == ("dropped", 410)
    assert not Hook.objects.get().enabled
    told = Event.objects.filter(kind="hook_changed").order_by("seq").last()
    assert told is not None
    assert told.body["message"] == "hook disabled (HTTP 410): h1"


def test_the_secret_is_shown_where_it_is_asked_for_and_nowhere_else(invoke):
    added = invoke("hook", "add", "h1", "--on", "error", "--url", "https://example.com/T0/token")
    secret = invoke("hook", "show", "h1", "--secret").out.strip()
    renewed = invoke("hook", "set", "h1", "--new-secret")
    after = invoke("hook", "show", "h1", "--secret").out.strip()

    assert added.out == f"added hook h1\nsigning secret for the receiver: {secret}\n"
    assert len(Webhook(secret).sign("msg_1", timezone.now(), "x")) > 40
    assert secret != after
    assert renewed.code == 0
    shown = [invoke("hook", *words).out for words in (["list", "--json"], ["list"], ["show", "h1"])]
    lines = "".join(Event.objects.values_list("line", flat=True))
    for text in (*shown, lines):
        assert secret not in text
        assert after not in text
    assert "token" not in shown[0] + shown[1] + lines
    assert "https://example.com/T0/token" in shown[2]
