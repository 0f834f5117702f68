"""Test the log that a page follows, window by window."""

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gates.models import GateRun
from tests import studio
from tests.people import Role, signed_in
from tests.sprints.output.test_windows import FILES, Reader, whole
from tests.sprints.views.printing import LOUD, prints

RUN = "qa_smoke_quick/1"


@pytest.fixture
def output(store, invoke):
    """Where the stdout of a run lies that is over."""
    studio.create("wk1")
    assert invoke("sprint", "run", "wk1").code == 0
    return store.evidence_of("wk1") / "gates/qa_smoke_quick/runs/1/stdout.txt"


@pytest.fixture
def ask(store):
    """Ask for a window as somebody who may look on."""
    client = signed_in(Role.VIEWER)

    def asked(**query):
        names = {"since": "from"}
        query = {"run": RUN} | {names.get(key, key): value for key, value in query.items()}
        return client.get("/sprints/wk1/log", query)

    return asked


class FromAnswers(Reader):
    """The same reader, from what the address answers."""

    def hear(self, said: dict) -> None:
        assert said["start"] == self.at
        self.put(said["more"], said["html"], clears=said["clears"])
        self.at, self.number = said["next"], said["line"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=FILES, steps=st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_windows_asked_for_one_after_another_give_the_text_once(output, ask, data, steps):
    reader, written = FromAnswers(), 0
    studio.forge("gaterun", f"wk1/{RUN}", status=GateRun.RUNNING)

    for step in steps:
        written = min(len(data), written + step)
        output.write_bytes(data[:written])
        reader.hear(ask(since=reader.at, line=reader.number or 1).json())
    studio.forge("gaterun", f"wk1/{RUN}", status="passed")
    output.write_bytes(data)
    while not (said := ask(since=reader.at, line=reader.number or 1).json())["over"] or (
        said["next"] > said["start"]
    ):
        reader.hear(said)

    assert reader.at == said["size"] == len(data)
    assert reader.lines == (whole(data) if data else [])


def test_what_was_sent_is_not_sent_again(output, ask):
    output.write_bytes(b"one\ntwo\n")
    first = ask(since=0).json()

    again = ask(since=first["next"], line=first["line"]).json()

    assert (first["next"], first["line"], first["over"]) == (8, 3, True)
    assert (again["html"], again["more"], again["next"]) == ("", "", 8)


def test_a_line_is_numbered_as_it_was_told_or_counted(output, ask):
    output.write_bytes(b"one\ntwo\nthree\n")

    told, counted = ask(since=8, line=700).json(), ask(since=8).json()

    assert 'id="stdout-L700"' in told["html"]
    assert 'id="stdout-L3"' in counted["html"]


def test_earlier_lines_come_before_a_byte(output, ask):
    output.write_bytes(b"".join(b"%d\n" % n for n in range(1, 3001)))

    said = ask(before=output.stat().st_size - 5).json()

    assert said["html"].count("<div") == 1000
    assert 'id="stdout-L2999"' in said["html"]
    assert 'id="stdout-L3000"' not in said["html"]


def test_the_output_of_a_run_that_is_being_started_is_awaited(output, ask):
    output.unlink()
    studio.forge("gaterun", status=GateRun.RUNNING)

    said = ask(since=0).json()

    assert (said["next"], said["over"], said["html"]) == (0, False, "")


def test_the_end_of_a_hundred_megabytes_is_there_at_once(output, ask):
    block = b"a line of some output, as it is printed a million times\n" * 20_000
    with output.open("wb") as file:
        for _ in range(100):
            file.write(block)
        file.write(b"the end")
    client = signed_in(Role.VIEWER)

    began = time.monotonic()
    page = client.get("/sprints/wk1/", {"run": RUN}).content
    last = ask(before=output.stat().st_size).json()
    took_s = time.monotonic() - began

    assert b"<code>the end</code>" in page
    assert "<code>the end</code>" in last["html"]
    assert took_s < 3
    assert len(page) < 3_000_000


def test_a_poll_that_finds_nothing_costs_few_queries(output, ask, django_assert_max_num_queries):
    output.write_bytes(b"x\n")

    with django_assert_max_num_queries(4):
        ask(since=2, line=2)


def test_the_whole_file_is_to_be_kept_not_shown(store, invoke):
    studio.gate(*prints(store.repo, LOUD))
    studio.create("wk1")
    invoke("sprint", "run", "wk1")
    path = store.evidence_of("wk1") / f"gates/{RUN.replace('/', '/runs/')}/stdout.txt"

    answer = signed_in(Role.VIEWER).get("/sprints/wk1/raw", {"run": RUN})

    assert b"".join(answer.streaming_content) == path.read_bytes()
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Disposition"] == (
        'attachment; filename="wk1-qa_smoke_quick-1-stdout.txt"'
    )
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"since": "x"}, 422),
        ({"since": "-1"}, 422),
        ({"since": "9" * 17}, 422),
        ({"before": "1e3"}, 422),
        ({"line": "\u00b2"}, 422),
        ({"stream": "both"}, 422),
        ({"run": "a\0b"}, 422),
        ({"run": "x" * 200}, 422),
        ({"run": "qa_smoke_quick/9"}, 404),
        ({"run": "../wk1/qa_smoke_quick/1"}, 404),
        ({"run": "qa_smoke_quick"}, 404),
    ],
)
def test_what_cannot_be_is_refused_in_json(output, ask, query, status):
    answer = ask(**query)

    assert answer.status_code == status
    assert [*json.loads(answer.content)] == ["error"]


def test_only_looking_is_allowed(output):
    client = signed_in(Role.ADMIN)

    assert client.post("/sprints/wk1/log", {"run": RUN}).status_code == 405
    assert client.post("/sprints/wk1/raw", {"run": RUN}).status_code == 405
