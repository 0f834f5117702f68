"""Test ``serve``: one command, one address, one clean stop, under load and kills."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gates import process_table
from gateway_project import __version__
from tests.e2e.conftest import processes_of, set_gate, start, wait_for
from tests.e2e.test_crashes import check_store, events_of
from tests.e2e.test_worker import queue, status_of, succeed
from tests.world import run_command


@dataclass
class Served:
    """A ``serve`` that runs, as its user sees it."""

    repo: Path
    port: int
    command: subprocess.Popen[str]
    out: str = ""
    err: str = ""

    @property
    def token(self) -> str:
        """As config.json has it."""
        return str(
            json.loads((self.repo / ".studio_gateway/config.json").read_text())["auth_token"]
        )

    def ask_within(self, path: str, seconds: float, **headers: str) -> tuple[int, Any]:
        """Status and JSON of an answer that may be long in coming."""
        return self._ask(path, "GET", headers, seconds)

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        return self._ask(path, method, headers, 20)

    def _ask(
        self, path: str, method: str, headers: dict[str, str], seconds: float
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        with contextlib.closing(connection):
            connection.request(
                method, path, headers={k.replace("_", "-"): v for k, v in headers.items()}
            )
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def status(self) -> dict[str, Any]:
        """``/api/status``, asked with the token."""
        code, said = self.ask("/api/status", X_Studio_Gateway_Token=self.token)
        assert code == 200, said
        return dict(said)

    def send(self, raw: bytes) -> bytes:
        """Send bytes, and return what comes back until the other side hangs up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=40) as line:
            with contextlib.suppress(OSError):
                line.sendall(raw)
                line.shutdown(socket.SHUT_WR)
            back = b""
            with contextlib.suppress(ConnectionResetError):
                while chunk := line.recv(65536):
                    back += chunk
        return back

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal; returns the exit code once it has ended."""
        if self.command.poll() is None:
            self.command.send_signal(number)
        return self.end()

    def end(self) -> int:
        """Return the exit code once it has ended."""
        out, err = self.command.communicate(timeout=90)
        self.out, self.err = self.out + out, self.err + err
        return self.command.returncode


Serve = Callable[..., Served]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@pytest.fixture
def serve(gateway: Path) -> Iterator[Serve]:
    """Start it on a free port and wait until it has said so; all are stopped in the end."""
    all_of_them = []

    def begin(*argv: str, **env: str) -> Served:
        port = free_port()
        one = Served(gateway, port, start(gateway, "serve", "--port", str(port), *argv, **env))
        all_of_them.append(one)
        assert one.command.stdout is not None
        for _ in range(3):
            one.out += one.command.stdout.readline()
        assert one.out.count("\n") == 3, one.command.communicate()
        return one

    yield begin
    for one in all_of_them:
        one.stop()


def gate_runs(repo: Path, words: str) -> bool:
    """Whether a process with these words runs there."""
    return any(words in line for line in processes_of(repo))


def test_it_prints_its_address_and_how_to_see_the_token(gateway, serve):
    one = serve("--name", "here")

    address, workers, token = one.out.splitlines()
    shown = subprocess.run(
        ["sh", "-c", token.partition(": ")[2]], capture_output=True, text=True, check=True
    )
    assert address == f"http://127.0.0.1:{one.port}/"
    assert workers.startswith("2 workers on here")
    assert shown.stdout == one.token + "\n"
    assert one.ask("/health") == (200, {"ok": True, "version": __version__})
    assert one.ask("/") == (401, {"error": "unauthorized"})
    assert one.ask("/api/status", X_Studio_Gateway_Token="wrong")[0] == 401
    assert one.ask("/api/status", Authorization=f"Bearer {one.token}")[0] == 200
    assert one.ask("/health", Host=f"evil.example:{one.port}")[0] == 400
    assert one.stop() == 0
    assert one.out.endswith("stopped; start it again to continue the sprints that were running\n")
    assert one.err == ""


def test_a_queued_sprint_is_carried_and_seen_on_the_way(gateway, serve):
    set_gate(gateway, "sleep 1.3")
    one = serve()

    queue(gateway, "wk1")

    assert wait_for(lambda: one.status()["job"] == {"running": True, "name": "wk1"})
    assert succeed(gateway, "wk1")
    assert wait_for(lambda: not one.status()["job"]["running"])
    assert one.status()["sprints"] == ["wk1"]
    assert [host["alive"] for host in one.status()["hosts"]] == [True]
    check_store(gateway)


def test_what_was_queued_while_nobody_served_is_carried(gateway, serve):
    queue(gateway, "early")

    serve()

    assert succeed(gateway, "early")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_hands_back_the_gate_that_runs_and_the_next_start_goes_on(gateway, serve, number):
    set_gate(gateway, "sleep 2.5")
    first = serve()
    queue(gateway, "wk1")
    assert wait_for(lambda: gate_runs(gateway, "sleep 2.5"))

    below = process_table.descendants(first.command.pid)

    code = first.stop(number)
    left = [one for one in below if process_table.find(one.pid, one.start)]
    during = status_of(gateway, "wk1")
    serve()

    assert (code, left, during) == (0, [], "running")
    assert succeed(gateway, "wk1")
    verdicts = [
        e["data"]["verdict"] for e in events_of(gateway, "wk1") if e["kind"] == "gate_finished"
    ]
    assert verdicts == ["interrupted", "passed", "passed"]
    check_store(gateway)


def test_a_terminal_that_is_closed_stops_neither_web_nor_workers(gateway, serve):
    one = serve()
    one.command.send_signal(signal.SIGHUP)
    queue(gateway, "wk1")

    assert succeed(gateway, "wk1")
    assert one.ask("/health")[0] == 200
    assert f"kill {one.command.pid}" in one.out
    assert one.stop() == 0


def test_a_store_that_is_deleted_ends_serve_and_comes_back_by_init_alone(gateway, serve):
    set_gate(gateway, "sleep 30")
    one = serve()
    queue(gateway, "wk1")
    assert wait_for(lambda: gate_runs(gateway, "sleep 30"))

    shutil.rmtree(gateway / ".studio_gateway")
    out, err = one.command.communicate(timeout=90)

    assert (one.command.returncode, out) == (1, "")
    assert "was deleted or replaced; its work is stopped." in err
    assert "Traceback" not in err
    assert wait_for(lambda: not processes_of(gateway)), processes_of(gateway)
    assert not (gateway / ".studio_gateway").exists()
    assert run_command(gateway, "init").code == 0
    check_store(gateway)


def test_kill_9_leaves_no_process_and_the_next_start_goes_on(gateway, serve):
    set_gate(gateway, "sh -c 'sleep 2 & sleep 2'")
    first = serve()
    queue(gateway, "wk1")
    assert wait_for(lambda: gate_runs(gateway, "sleep 2"))

    first.stop(signal.SIGKILL)

    assert wait_for(lambda: not processes_of(gateway)), processes_of(gateway)
    serve()
    assert succeed(gateway, "wk1")
    check_store(gateway)


def test_the_web_stays_when_the_cluster_dies_and_tells_of_it(gateway, serve):
    one = serve()
    cluster = process_table.descendants(one.command.pid)[0].pid

    os.kill(cluster, signal.SIGKILL)

    assert wait_for(lambda: one.status()["hosts"][0]["restarts"] >= 1)
    queue(gateway, "after")
    assert succeed(gateway, "after")


def test_the_web_alone_leaves_sprints_to_other_workers(gateway, serve):
    one = serve("--no-workers")
    queue(gateway, "wk1")
    time.sleep(1)
    alone = one.status()
    below = process_table.descendants(one.command.pid)
    worker = start(gateway, "worker")

    assert succeed(gateway, "wk1")
    assert one.out.splitlines()[1].startswith("no workers")
    assert (alone["hosts"], alone["job"], below) == ([], {"running": False, "name": None}, [])
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=90)
    assert one.stop() == 0


def test_a_taken_port_is_refused_before_anything_starts(gateway):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        said = run_command(gateway, "serve", "--port", str(port))

    assert (said.code, said.out) == (2, "")
    assert said.err == (
        f"error: cannot listen on 127.0.0.1 port {port}: Address already in use; "
        "try another --port\n"
    )
    assert json.loads(run_command(gateway, "status").out)["hosts"] == []


def test_a_second_serve_of_one_store_is_told_of_the_first(gateway, serve):
    first = serve()

    second = run_command(gateway, "serve", "--port", str(free_port()), timeout=20)

    assert (second.code, second.out) == (2, "")
    assert f"process {first.command.pid} on " in second.err
    assert "works for this store" in second.err
    assert first.ask("/health")[0] == 200


GARBAGE = [
    b"\x00\xff\xfe garbage\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),  # a browser that tries TLS
    b"GET /health HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /%00%ff%fe/../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET http://evil.example/health HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"GET /health HTTP/1.1\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
    b"POST /api/status HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/status HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\nzz",
    b"TRACE /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
]


def test_it_survives_whatever_is_sent_and_gives_nothing_away(gateway, serve):
    one = serve("--no-workers")

    answers = [one.send(raw) for raw in GARBAGE]
    for _ in range(20):
        socket.create_connection(("127.0.0.1", one.port), timeout=5).close()

    for raw, answer in zip(GARBAGE, answers, strict=True):
        status = answer.partition(b"\r\n")[0].split(b" ")[1:2]
        assert status == [] or status[0][:1] == b"4", (raw[:60], answer)
        assert b"Traceback" not in answer
        assert str(gateway).encode() not in answer
    assert one.ask("/health")[0] == 200
    assert one.stop() == 0
    assert "Traceback" not in one.err


def test_readers_that_read_nothing_keep_nobody_waiting(gateway, serve):
    assert run_command(gateway, "sprint", "create", "wk1").code == 0
    assert run_command(gateway, "sprint", "run", "wk1").code == 0
    big = next((gateway / ".studio_gateway/artifacts/wk1/gates").rglob("stdout.txt"))
    os.truncate(big, 64 << 20)
    served = serve("--no-workers")
    path = f"/api/artifacts/wk1/{big.relative_to(gateway / '.studio_gateway/artifacts/wk1')}"
    words = (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Studio-Gateway-Token: {served.token}\r\n\r\n"
    )

    with contextlib.ExitStack() as stack:
        lines = [
            stack.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=30))
            for _ in range(8)
        ]
        for line in lines:
            line.sendall(words.encode())
        begun = [line.recv(12) for line in lines]

        assert set(begun) == {b"HTTP/1.1 200"}
        assert served.ask("/health")[0] == 200
        assert served.status()


def test_a_stop_tears_no_answer_that_has_begun(gateway, serve):
    one = serve("--no-workers")
    request = (
        "GET /api/status HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"X-Studio-Gateway-Token: {one.token}\r\n\r\n"
    )

    with socket.create_connection(("127.0.0.1", one.port), timeout=40) as line:
        line.sendall(request.encode() * 400)
        back = line.recv(65536)
        one.command.send_signal(signal.SIGTERM)
        with contextlib.suppress(ConnectionResetError):
            while chunk := line.recv(65536):
                back += chunk
    code = one.end()

    answers = back.split(b"HTTP/1.1 200 OK\r\n")[1:]
    bodies = [answer.partition(b"\r\n\r\n")[2] for answer in answers]
    assert code == 0
    assert 1 <= len(answers) <= 400
    assert {json.loads(body)["version"] for body in bodies} == {__version__}
    with pytest.raises(ConnectionRefusedError):
        one.ask("/health")


def test_the_token_is_in_no_output_and_in_no_file_but_its_own(gateway, serve):
    set_gate(gateway, "env")
    one = serve()
    token = one.token
    queue(gateway, "wk1")
    one.ask(f"/api/status?token={token}")
    one.ask("/nope", X_Studio_Gateway_Token=token)
    assert one.send(f"GET /{token} HTTP/1.1\r\nHost: evil\r\nX: {token}\r\n\r\n".encode())
    assert succeed(gateway, "wk1")

    assert one.stop() == 0

    assert token not in one.out + one.err
    holding = [
        path.name
        for path in (gateway / ".studio_gateway").rglob("*")
        if path.is_file() and token.encode() in path.read_bytes()
    ]
    assert holding == ["config.json"]


def test_the_bound_name_and_listed_ones_are_answered(gateway, serve):
    one = serve("--no-workers", "--host", "0.0.0.0", STUDIO_GATEWAY_ALLOWED_HOSTS="gate.example")

    codes = {
        host: one.ask("/health", Host=host)[0]
        for host in ("127.0.0.1", "gate.example", "other.example", "0.0.0.0")
    }

    assert codes == {"127.0.0.1": 200, "gate.example": 200, "other.example": 400, "0.0.0.0": 400}
    assert one.out.startswith(f"http://127.0.0.1:{one.port}/\n")
    assert one.stop() == 0
    assert one.err.startswith("warning: other machines can reach this address")
