"""Test the JSON API over HTTP with real workers: a program alone drives a sprint."""

import contextlib
import http.client
import json
from typing import Any

import pytest

from tests.e2e.conftest import set_gate, wait_for
from tests.e2e.test_crashes import check_store
from tests.e2e.test_serve import Served, serve  # noqa: F401 (a fixture)

OUT = "gates/qa_smoke_quick/stdout.txt"


class Program:
    """Somebody's script: one token, JSON in and out."""

    def __init__(self, served: Served) -> None:
        self.served = served

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        """Status and body of an answer; the path goes out as it is."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named["X-Studio-Gateway-Token"] = self.served.token
        sent = None if body is None else json.dumps(body)
        line = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=20)
        with contextlib.closing(line):
            line.request(method, path, sent, named)
            answer = line.getresponse()
            return answer.status, answer.read()

    def of(self, sprint_id: str) -> dict[str, Any]:
        """The sprint as it is now."""
        code, said = self.call("GET", f"/api/sprints/{sprint_id}")
        assert code == 200, said
        return dict(json.loads(said))

    def make(self, sprint_id: str) -> None:
        """A sprint with a brief."""
        code, said = self.call("POST", "/api/sprints", {"sprint_id": sprint_id})
        assert code == 201, said
        code, said = self.call("POST", f"/api/sprints/{sprint_id}", {"meta": {"brief": "Do it"}})
        assert code == 200, said

    def becomes(self, sprint_id: str, status: str) -> bool:
        """Whether it does so within the time that a gate and a worker need."""
        return wait_for(lambda: self.of(sprint_id)["status"] == status)


@pytest.fixture
def program(serve):  # noqa: F811
    """With a ``serve`` that has workers."""
    return lambda: Program(serve())


def test_a_program_makes_a_sprint_has_it_run_and_reads_what_came_of_it(gateway, program):
    set_gate(gateway, "printf one\\\\ntwo")
    one = program()
    one.make("wk1")

    assert one.call("POST", "/api/sprints/wk1/run")[0] == 202

    events: list[dict[str, Any]] = []

    def has_ended() -> bool:
        seq = events[-1]["seq"] if events else 0
        events.extend(json.loads(one.call("GET", f"/api/events?tail=5&after_seq={seq}")[1]))
        return bool(events[-1]["data"].get("code") == "sprint_succeeded")

    assert wait_for(has_ended)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert one.call("GET", f"/api/artifacts/wk1/{OUT}") == (200, b"one\ntwo")
    assert one.call("GET", f"/api/artifacts/wk1/{OUT}", Range="bytes=4-") == (206, b"two")
    assert one.of("wk1")["meta"]["brief"] == "Do it"
    assert one.served.stop() == 0
    check_store(gateway)


def test_a_step_is_one_round_and_a_cancel_ends_the_gate_that_runs(gateway, program):
    set_gate(gateway, "sleep 60")
    one = program()
    one.make("wk1")

    assert one.call("POST", "/api/sprints/wk1/step")[0] == 202
    assert wait_for(lambda: one.of("wk1")["meta"].get("automation_paused") is True)
    assert one.of("wk1")["current_round"] == "R1_CONTRACTS"
    assert one.call("POST", "/api/sprints/wk1/run")[0] == 202
    assert wait_for(lambda: "qa_smoke_quick" in one.of("wk1")["gates"])
    assert one.call("POST", "/api/sprints/wk1/cancel")[0] == 202
    assert one.becomes("wk1", "cancelled")
    assert one.call("POST", "/api/sprints/wk1/cancel")[0] == 409
    assert one.served.stop() == 0
    check_store(gateway)


def test_no_way_of_writing_a_path_leads_out_of_the_sprints_folder(gateway, serve):  # noqa: F811
    one = Program(serve("--no-workers"))
    one.make("wk1")
    for path in (
        "wk1/../../config.json",
        "wk1/..%2f..%2fconfig.json",
        "wk1/%2e%2e/%2e%2e/config.json",
        "wk1/..%5c..%5cconfig.json",
        "wk1//%2fetc/hostname",
        "wk1/%00",
        "..%2f..%2fconfig.json",
    ):
        code, said = one.call("GET", f"/api/artifacts/{path}")

        assert code == 404, path
        assert {"error"} <= json.loads(said).keys() <= {"error", "code"}, path
