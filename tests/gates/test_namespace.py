"""A program behind a network setting reaches what the setting names, on this machine's kernel."""

import json
import os
import shutil
import signal
import socket
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gates import fault_points, process, process_table
from gates.network import ALL, NONE, Network
from gates.process import Completed, Spec
from gates.sandbox import Sandbox
from gates.supervision import namespace

WAIT_S = 60.0
CONNECT = """
import socket, sys
for word in sys.argv[1:]:
    host, _, port = word.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), 30) as one:
            print(word, one.recv(99).decode() or "silent")
    except OSError as exc:
        print(word, type(exc).__name__, exc.errno)
"""
SERVE = """
import socket, threading
here = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=lambda: here.accept()[0].sendall(b"own"), daemon=True).start()
print(socket.create_connection(here.getsockname()).recv(9).decode())
"""
OUTSIDE = "192.0.2.1:80"  # a documentation address, which is nobody's


def can_cut() -> bool:
    """Whether this machine lets a process leave its network."""
    child = os.fork()
    if child == 0:
        try:
            namespace.Cut(NONE, namespace.NAMESPACE).enter({})
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


cuts = pytest.mark.skipif(
    sys.platform != "linux" or not can_cut(), reason="NOT TESTED: no network namespaces here"
)
Gate = Callable[..., Completed]


class Server:
    """A service of this machine that says a word to whoever connects, and counts them."""

    def __init__(self, word: bytes, at: str = "127.0.0.1") -> None:
        self._listener = socket.create_server((at, 0))
        self.port: int = self._listener.getsockname()[1]
        self.met = 0
        self._word = word
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.met += 1
            with peer:
                peer.sendall(self._word)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server(b"hello")
    yield one
    one.close()


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """Runs a program with a network; what it printed is then in ``run/stdout.txt``."""

    def run(network: Network, *argv: str, **changes: Any) -> Completed:
        name = f"test-{uuid.uuid4().hex}"
        (tmp_path / "clone").mkdir(exist_ok=True)
        sandbox = Sandbox(
            own=(tmp_path / "clone",), network=network, required=changes.pop("required", False)
        )
        return process.run(
            Spec(
                argv=argv or (sys.executable, "-c", "pass"),
                cwd=tmp_path / "clone",
                env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **changes.pop("env", {})},
                run_dir=tmp_path / "run",
                run_id=name,
                token=f"{name}.1",
                timeout_s=WAIT_S,
                sandbox=sandbox,
                **changes,
            )
        )

    return run


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Breaks each supervisor from here on by a fault; none with it is left behind."""
    process.cool()

    def fault(text: str) -> None:
        monkeypatch.setenv(fault_points.VARIABLE, text)

    yield fault
    process.cool()


def said(tmp_path: Path) -> list[str]:
    return (tmp_path / "run" / "stdout.txt").read_text().split("\n")[:-1]


@cuts
def test_without_network_nothing_of_the_machine_or_beyond_is_reached(gate, tmp_path, server):
    here = f"127.0.0.1:{server.port}"
    done = gate(NONE, sys.executable, "-c", CONNECT, here, OUTSIDE, "a.example:80")
    words = said(tmp_path)
    assert words[0] == f"{here} ConnectionRefusedError 111"
    assert words[1] == f"{OUTSIDE} OSError 101"
    assert words[2].startswith("a.example:80 gaierror")
    assert server.met == 0
    assert done.sandbox.endswith("; network none, by namespace")


@cuts
@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
def test_a_service_that_is_listed_twice_is_reached_from_a_namespace(gate, tmp_path, server, name):
    here = f"127.0.0.1:{server.port}"
    hosts = (f"localhost:{server.port}", f"localhost:{server.port}")
    done = gate((*hosts, f"{name}:{server.port}"), sys.executable, "-c", CONNECT, here)
    assert said(tmp_path) == [f"{here} hello"]
    assert done.sandbox.endswith("; network 3 hosts, by namespace")


@cuts
def test_with_all_the_network_is_the_machines(gate, tmp_path, server):
    done = gate(ALL, sys.executable, "-c", CONNECT, f"127.0.0.1:{server.port}")
    assert said(tmp_path) == [f"127.0.0.1:{server.port} hello"]
    assert "network" not in done.sandbox
    assert done.network == {}


@cuts
def test_without_network_a_program_reaches_its_own_servers(gate, tmp_path):
    done = gate(NONE, sys.executable, "-c", SERVE)
    assert (done.exit_code, said(tmp_path)) == (0, ["own"])
    assert done.network == {}


@cuts
def test_what_a_program_missed_is_counted(gate):
    assert gate(NONE, sys.executable, "-c", CONNECT, OUTSIDE).network == {"missed": {"outside": 1}}
    assert gate(NONE, sys.executable, "-c", CONNECT, "127.0.0.1:9").network == {
        "missed": {"local": 1}
    }
    assert gate(NONE).network == {}


@cuts
def test_proxies_of_the_user_are_not_named_where_nothing_leads_to_them(gate, tmp_path):
    theirs = dict.fromkeys(namespace.PROXIES, "http://proxy.example:3128")
    assert gate(NONE, "env", env=theirs).exit_code == 0
    assert not any("proxy" in line.lower() for line in said(tmp_path))
    gate(ALL, "env", env=theirs)
    assert sum("proxy.example" in line for line in said(tmp_path)) == len(theirs)


@cuts
@pytest.mark.skipif(not shutil.which("unshare"), reason="NOT TESTED: no unshare here")
def test_no_namespace_within_leads_back(gate, tmp_path, server):
    here = f"127.0.0.1:{server.port}"
    words = ("unshare", "--user", "--map-root-user", sys.executable, "-c", CONNECT, here, OUTSIDE)
    gate(NONE, *words)
    assert "hello" not in (tmp_path / "run" / "stdout.txt").read_text()
    gate(NONE, "nsenter", "--net=/proc/1/ns/net", sys.executable, "-c", CONNECT, here)
    assert said(tmp_path) == []
    assert server.met == 0


PROXIED = r"""
import os, socket, sys
host, _, port = os.environ["HTTPS_PROXY"].rpartition("/")[2].rpartition(":")
for word in sys.argv[1:]:
    with socket.create_connection((host, int(port)), 30) as one:
        one.sendall(f"CONNECT {word} HTTP/1.1\r\n\r\n".encode())
        came = b""
        while piece := one.recv(999):
            came += piece
        print(word, came.decode().partition("\r\n")[0], came.decode().split()[-1])
"""


def reached(done: Completed) -> list[tuple[str, int, str, int]]:
    return [(d["host"], d["port"], d["state"], d["count"]) for d in done.network["destinations"]]


@cuts
def test_a_host_of_the_list_is_reached_through_the_proxy_and_no_other(gate, tmp_path):
    near = Server(b"near", "127.0.0.2")
    listed, other = f"127.0.0.2:{near.port}", f"127.0.0.3:{near.port}"
    done = gate((listed,), sys.executable, "-c", PROXIED, listed, listed, other, "a.example:443")
    near.close()
    words = said(tmp_path)
    assert [line.split()[-1] for line in words[:2]] == ["near", "near"]
    assert [line.split()[2] for line in words] == ["200", "200", "403", "403"]
    assert near.met == 2
    assert reached(done) == [
        ("127.0.0.2", near.port, "reached", 2),
        ("127.0.0.3", near.port, "refused", 1),
        ("a.example", 443, "refused", 1),
    ]
    assert done.network["destinations"][0]["received"] == 2 * len("near")
    assert done.sandbox.endswith("; network 1 host, by namespace")


@cuts
def test_with_a_list_nothing_leads_out_but_the_proxy(gate, tmp_path, server):
    here = f"127.0.0.1:{server.port}"
    gate(("a.example",), sys.executable, "-c", CONNECT, here, OUTSIDE, "a.example:443")
    words = said(tmp_path)
    assert words[0] == f"{here} ConnectionRefusedError 111"
    assert words[1] == f"{OUTSIDE} OSError 101"
    assert words[2].startswith("a.example:443 gaierror")  # no question leaves for a name server
    assert server.met == 0


@cuts
def test_a_service_of_this_machine_is_reached_at_its_port(gate, tmp_path, server):
    other = Server(b"other")
    here, there = (f"127.0.0.1:{one.port}" for one in (server, other))
    done = gate((f"localhost:{server.port}",), sys.executable, "-c", CONNECT, here, here, there)
    other.close()
    assert said(tmp_path) == [
        f"{here} hello",
        f"{here} hello",
        f"{there} ConnectionRefusedError 111",
    ]
    assert reached(done) == [("localhost", server.port, "reached", 2)]
    assert (server.met, other.met) == (2, 0)


@cuts
def test_a_secret_in_a_name_is_not_recorded(gate):
    done = gate(
        ("a.example",),
        *(sys.executable, "-c", PROXIED, "hush-hush-hush-1234.example:443"),
        secrets=("hush-hush-hush-1234",),
    )
    ((host, *_),) = reached(done)
    assert "hush" not in host
    assert host.endswith(".example")


@cuts
def test_the_next_gate_of_a_supervisor_has_a_network_of_its_own(gate, tmp_path, server):
    here = f"127.0.0.1:{server.port}"
    gate((f"localhost:{server.port}",), sys.executable, "-c", CONNECT, here)
    done = gate(NONE, sys.executable, "-c", CONNECT, here)
    assert said(tmp_path) == [f"{here} ConnectionRefusedError 111"]
    assert done.network == {"missed": {"local": 1}}


@cuts
def test_a_connection_ends_with_the_run(gate, server):
    hold = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1]))).recv(1)"
    silent = socket.create_server(("127.0.0.1", 0))
    silent.settimeout(WAIT_S)
    port = silent.getsockname()[1]
    peers: list[socket.socket] = []

    def greet() -> None:
        """Let the program end once the connection is through."""
        peers.append(silent.accept()[0])
        peers[0].sendall(b".")

    greeting = threading.Thread(target=greet)
    greeting.start()
    done = gate((f"localhost:{port}",), sys.executable, "-c", hold, str(port))
    greeting.join()
    assert done.exit_code == 0
    (peer,) = peers
    peer.settimeout(WAIT_S)
    assert peer.recv(9) == b""
    peer.close()
    silent.close()


@cuts
def test_when_its_supervisor_is_killed_gate_and_connection_end(gate, tmp_path):
    silent = socket.create_server(("127.0.0.1", 0))
    silent.settimeout(WAIT_S)
    port = silent.getsockname()[1]
    hold = f"import socket; socket.create_connection(('127.0.0.1', {port})).recv(9)"
    ends: list[Completed] = []
    work = threading.Thread(
        target=lambda: ends.append(gate((f"localhost:{port}",), sys.executable, "-c", hold))
    )
    work.start()
    peer, _ = silent.accept()
    identity = json.loads((tmp_path / "run" / "process.json").read_text())
    os.kill(identity["supervisor_pid"], signal.SIGKILL)
    peer.settimeout(WAIT_S)
    assert peer.recv(9) == b""
    work.join(WAIT_S)
    assert [one.ending for one in ends] == ["error"]
    assert process_table.find(identity["pid"], identity["start_time"]) is None
    peer.close()
    silent.close()


def test_without_namespaces_landlock_closes_tcp(gate, tmp_path, server, fresh):
    fresh(f"network_cut:1:enospc@{tmp_path}/once")
    done = gate(NONE, sys.executable, "-c", CONNECT, f"127.0.0.1:{server.port}")
    assert done.sandbox.endswith("; network none, by landlock")
    assert said(tmp_path) == [f"127.0.0.1:{server.port} PermissionError 13"]
    assert server.met == 0


def test_without_namespaces_the_proxy_and_a_listed_port_are_open(gate, tmp_path, server, fresh):
    fresh(f"network_cut:1:enospc@{tmp_path}/once")
    other = Server(b"other", "127.0.0.2")
    hosts = (f"localhost:{server.port}", f"127.0.0.2:{other.port}")
    words = [f"127.0.0.1:{server.port}", f"127.0.0.2:{other.port}"]
    done = gate(hosts, sys.executable, "-c", CONNECT + PROXIED.replace("[1:]", "[2:]"), *words)
    other.close()
    first, second, third = said(tmp_path)
    assert first == f"{words[0]} hello"
    assert second == f"{words[1]} PermissionError 13"
    assert third.endswith("other")
    assert done.sandbox.endswith("; network 2 hosts, by landlock")


def test_without_both_the_run_says_that_its_network_is_open(gate, tmp_path, server, fresh):
    fresh("network_cut:1:enospc")
    done = gate(NONE, sys.executable, "-c", CONNECT, f"127.0.0.1:{server.port}")
    assert done.exit_code == 0
    assert "; network open: namespace: " in done.sandbox
    assert said(tmp_path) == [f"127.0.0.1:{server.port} hello"]


def test_without_both_a_required_sandbox_runs_nothing(gate, tmp_path, fresh):
    fresh("network_cut:1:enospc")
    done = gate(NONE, "touch", "made", required=True)
    assert done.ending == "error"
    assert "its network is open" in done.reason
    assert not (tmp_path / "clone" / "made").exists()
