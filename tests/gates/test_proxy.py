"""The proxy between a program's network and the machine's: what it lets through, and its bounds."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from gates.supervision import proxy, proxy_request
from gates.supervision.proxy import Proxy
from gates.supervision.proxy_request import Refusal, asked, entry_for, may_be_at

WAIT_S = 60.0


@pytest.mark.parametrize(
    ("host", "port", "entry"),
    [
        ("a.org", 443, "a.org"),
        ("a.org", 80, "a.org"),
        ("a.org", 22, None),
        ("b.a.org", 443, None),
        ("x.b.org", 443, "*.b.org"),
        ("x.y.b.org", 443, "*.b.org"),
        ("b.org", 443, None),
        ("xb.org", 443, None),
        ("c.org", 8443, "c.org"),
        ("c.org", 443, None),
        ("a.org.evil.example", 443, None),
    ],
)
def test_a_list_allows_its_names_and_ports(host, port, entry):
    assert entry_for(("a.org", "*.b.org", "c.org:8443"), host, port) == entry


@pytest.mark.parametrize("asked_for", ["[2001:db8::1]", "[2001:db8:0::1]", "[2001:db8:0:0::0001]"])
@pytest.mark.parametrize("listed", ["[2001:db8::1]", "[2001:0db8:0::1]"])
def test_a_list_allows_an_address_in_any_spelling(listed, asked_for):
    assert entry_for((listed,), asked_for, 443) == listed
    assert may_be_at(listed, "2001:db8::1")
    assert not entry_for((listed,), "[2001:db8::2]", 443)
    assert not entry_for((listed, "[::::]"), "[:::]", 443)


@pytest.mark.parametrize(
    ("entry", "address", "allowed"),
    [
        ("a.org", "93.184.215.14", True),
        ("*.a.org", "93.184.215.14", True),
        ("a.org", "10.0.0.1", True),
        ("*.a.org", "10.0.0.1", False),
        ("*.a.org", "fd00::1", False),
        ("a.org", "127.0.0.1", False),
        ("a.org", "::1", False),
        ("a.org", "::ffff:127.0.0.1", False),
        ("a.org", "64:ff9b::7f00:1", False),
        ("a.org", "169.254.169.254", False),
        ("a.org", "fe80::1%eth0", False),
        ("a.org", "0.0.0.0", False),
        ("a.org", "224.0.0.1", False),
        ("169.254.169.254", "169.254.169.254", True),
        ("[::1]", "::1", True),
        ("[0:0::1]", "::1", True),
        ("localhost", "127.0.0.1", True),
        ("localhost", "::1", True),
    ],
)
def test_a_name_leads_to_no_address_of_an_inner_network(entry, address, allowed):
    assert may_be_at(entry, address) is allowed


@pytest.mark.parametrize(
    ("line", "means"),
    [
        ("CONNECT A.org.:443 HTTP/1.1", ("CONNECT", "a.org", 443, "/")),
        ("CONNECT [2001:db8::1]:8443 HTTP/1.1", ("CONNECT", "[2001:db8::1]", 8443, "/")),
        ("GET http://a.org/x?y HTTP/1.1", ("GET", "a.org", 80, "/x?y")),
        ("POST HTTP://a.org:8080 HTTP/1.0", ("POST", "a.org", 8080, "/")),
    ],
)
def test_a_request_names_a_host(line, means):
    assert asked(line) == means


@pytest.mark.parametrize(
    "line",
    [
        "", "GET / HTTP/1.1", "GET https://a.org/ HTTP/1.1", "GET http://me@a.org/ HTTP/1.1",
        "CONNECT :443 HTTP/1.1", "CONNECT a.org:0 HTTP/1.1", "CONNECT a.org:99999 HTTP/1.1",
        "CONNECT a\tb:443 HTTP/1.1", f"CONNECT {'x' * 300}:443 HTTP/1.1",
        "GET ftp://a.org/ HTTP/1.1",
    ],
)  # fmt: skip
def test_any_other_request_is_refused(line):
    with pytest.raises(Refusal):
        asked(line)


Say = Callable[..., bytes]


class Ways:
    """A proxy in this process, and a host that it leads to."""

    def __init__(self, *hosts: str) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self.host = socket.create_server(("127.0.0.1", 0))
        self.host_port: int = self.host.getsockname()[1]
        self.asked: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()
        listed = tuple(one.replace("PORT", str(self.host_port)) for one in hosts)
        self.proxy = Proxy(listed, listener.detach(), [])

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self.host.accept()
            except OSError:
                return
            with peer:
                self.asked.append(peer.recv(9999))
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

    def say(self, request: str) -> bytes:
        """Send a request to the proxy, and return all that comes."""
        with socket.create_connection(("127.0.0.1", self.port), WAIT_S) as one:
            one.sendall(request.replace("PORT", str(self.host_port)).encode("latin-1"))
            came = b""
            while piece := one.recv(9999):
                came += piece
            return came


@pytest.fixture
def ways() -> Iterator[Callable[..., Ways]]:
    made: list[Ways] = []

    def make(*hosts: str) -> Ways:
        made.append(Ways(*hosts))
        return made[-1]

    yield make
    for one in made:
        one.host.shutdown(socket.SHUT_RDWR)
        one.host.close()


def test_a_plain_request_reaches_its_host_without_what_is_for_the_proxy(ways):
    one = ways("localhost:PORT")
    came = one.say(
        "GET http://localhost:PORT/x HTTP/1.1\r\nHost: localhost\r\nProxy-Authorization: b\r\n"
        "Connection: keep-alive\r\n\r\n"
    )
    assert came.endswith(b"hi")
    assert one.asked == [b"GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"]
    assert one.proxy.close()


def test_a_name_that_leads_inside_is_refused_and_recorded(ways, monkeypatch):
    one = ways("*.example:PORT")
    there = (socket.AF_INET, ("127.0.0.1", one.host_port))
    monkeypatch.setattr(proxy, "addresses_of", lambda host, port: [there])
    came = one.say("CONNECT a.example:PORT HTTP/1.1\r\n\r\n")
    assert came.startswith(b"HTTP/1.1 403 ")
    assert one.asked == []
    assert one.proxy.close()
    assert one.proxy.record()["destinations"] == [
        {"host": "a.example", "port": one.host_port, "state": "refused", "count": 1}
    ]


def test_a_host_without_address_has_failed(ways, monkeypatch):
    def nowhere(host: str, port: int) -> list[proxy_request.Address]:
        raise OSError("no such name")

    monkeypatch.setattr(proxy, "addresses_of", nowhere)
    one = ways("a.example")
    assert one.say("CONNECT a.example:443 HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 502 ")
    assert one.proxy.close()
    (found,) = one.proxy.record()["destinations"]
    assert (found["state"], found["count"]) == ("failed", 1)


def test_a_header_without_end_is_refused(ways):
    one = ways("a.example")
    came = one.say("GET http://a.example/ HTTP/1.1\r\nX: " + "x" * proxy_request.HEAD_BYTES)
    assert came.startswith(b"HTTP/1.1 431 ")
    assert one.proxy.close()
    assert one.proxy.record() == {}


def test_many_destinations_are_counted_together(ways):
    one = ways("a.example")
    for n in range(proxy.MOST_DESTINATIONS + 3):
        one.say(f"CONNECT h{n}.example:443 HTTP/1.1\r\n\r\n")
    assert one.proxy.close()
    record = one.proxy.record()
    assert len(record["destinations"]) == proxy.MOST_DESTINATIONS
    assert record["more"] == 3


def test_an_end_leaves_no_thread_and_no_connection(ways):
    one = ways("localhost:PORT")
    with socket.create_connection(("127.0.0.1", one.port), WAIT_S) as waiting:
        assert one.say("CONNECT b.example:443 HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 403 ")
        assert one.proxy.close()
        assert waiting.recv(9) == b""
