"""Test the page of one sprint: the reason for its state."""

import re
import sys

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sprints.models import Task
from tests import studio
from tests.people import LIVE, Role, signed_in, text_of, weight_of
from tests.sprints.views.printing import LOUD, prints


@pytest.fixture
def red(store, invoke):
    """A sprint whose gate was loud and failed in R3."""
    studio.gate(*prints(store.repo, LOUD))
    studio.create("wk1", title="Hero tuning", by="sam", brief="**Goal:** a *game*")
    assert invoke("sprint", "run", "wk1").code == 1
    return "/sprints/wk1/"


@pytest.fixture
def viewer(store):
    return signed_in(Role.VIEWER)


def test_the_banner_names_gate_round_code_and_the_failing_line(red, viewer):
    answer = viewer.get(red)
    text = text_of(answer)

    assert "Gate qa_smoke_quick failed in R3, exit code 3. AssertionError: assert 4 >= 6" in text
    assert "?run=qa_smoke_quick/1&amp;stream=stdout&amp;line=5001#stdout-L5001" in (
        answer.content.decode()
    )


def test_the_page_opens_on_the_failing_line(red, viewer):
    html = viewer.get(red).content.decode()

    assert 'data-stream="stdout"' in html
    assert 'data-opens="stdout-L5001"' in html
    assert 'class="ln marked" id="stdout-L5001"' in html
    assert 'id="stdout-L4006"' in html
    assert 'id="stdout-L4005"' not in html


def test_nothing_that_a_gate_prints_is_more_than_text(red, viewer):
    html = viewer.get(red).content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt; click</code>" in html
    assert "evil.example" not in html
    assert "<code>progress 100%</code>" in html
    assert "<code>binary \ufffd\ufffd</code>" in html
    assert "1 failed, no newline</code>" in html
    assert "\x1b" not in html


def test_it_tells_what_became_of_each_round(red, viewer):
    html = viewer.get(red).content.decode()

    states = re.findall(r'<li class="(\w+)"><b>(R\d) ', html)

    assert states == [
        ("done", "R0"),
        ("done", "R1"),
        ("done", "R2"),
        ("failed", "R3"),
        ("skipped", "R4"),
        ("skipped", "R5"),
    ]


def test_it_shows_brief_tasks_replies_and_events(red, viewer):
    answer = viewer.get(red)
    text = text_of(answer)

    assert "<strong>Goal:</strong> a <em>game</em>" in answer.content.decode()
    assert "Status: DONE (scripted)" in text
    assert "required gate failed; stopping sprint" in text
    assert "by sam" in text


def test_a_line_may_be_asked_for_in_the_address(red, viewer):
    html = viewer.get(red, {"run": "qa_smoke_quick/1", "line": "17"}).content.decode()
    other = viewer.get(red, {"stream": "stderr", "line": "1"}).content.decode()

    assert 'class="ln marked" id="stdout-L17"' in html
    assert 'data-opens="stdout-L17"' in html
    assert 'class="ln marked" id="stderr-L1"' in other


def test_without_a_script_earlier_lines_are_a_link_away(red, viewer):
    html = viewer.get(red).content.decode()
    start = int(re.search(r"before=(\d+)", html)[1])

    earlier = viewer.get(red, {"before": start}).content.decode()

    assert 'id="stdout-L4005"' in earlier
    assert 'id="stdout-L3006"' in earlier
    assert 'id="stdout-L4006"' not in earlier


def test_output_that_is_gone_is_said_to_be_gone(red, store, viewer):
    (store.evidence_of("wk1") / "gates/qa_smoke_quick/runs/1/stdout.txt").unlink()

    text = text_of(viewer.get(red, {"stream": "stdout"}))

    assert "This output is not here (any more)." in text
    assert "exit code 3. a warning" in text


def test_a_link_in_place_of_an_output_leads_nowhere(red, store, viewer):
    output = store.evidence_of("wk1") / "gates/qa_smoke_quick/runs/1/stdout.txt"
    output.unlink()
    output.symlink_to(store.config)

    answers = [
        viewer.get(red, {"stream": "stdout"}),
        viewer.get(f"{red}log?run=qa_smoke_quick/1"),
        viewer.get(f"{red}raw?run=qa_smoke_quick/1"),
    ]

    assert [one.status_code for one in answers] == [200, 404, 404]
    assert not any(b"auth_token" in one.content for one in answers)


def test_a_sprint_that_has_not_begun_says_what_it_waits_for(viewer):
    studio.create("wk2", by="kim")

    text = text_of(viewer.get("/sprints/wk2/"))

    assert re.search(r"Waits for an operator, since .* : a start \.", text)
    assert "No gate has run yet." in text
    assert "R5 Release candidate" in text


def test_a_green_sprint_has_no_banner_and_polls_no_more(invoke, viewer):
    studio.create("wk3", by="kim")
    assert invoke("sprint", "run", "wk3").code == 0

    html = viewer.get("/sprints/wk3/").content.decode()

    assert "hx-get" not in html
    assert "Why it stopped" not in html
    assert html.count('<li class="done">') == 6


@pytest.mark.parametrize(
    "path",
    [
        *("/sprints/nope/", "/sprints/nope/log?run=g/1", "/sprints/nope/raw?run=g/1"),
        *("/sprints/..%2f..%2fetc/", "/sprints/a%00b/", "/sprints/%ff/", "/sprints/.hidden/"),
        *(
            "/sprints/wk1/?run=qa_smoke_quick/9",
            "/sprints/wk1/?run=../1",
            "/sprints/wk1/?attempt=2",
        ),
        *("/sprints/wk1/log", "/sprints/wk1/log?run=..", "/sprints/wk1/log?run=../wk1/g/1"),
    ],
)
def test_what_there_is_not_is_not_found(viewer, path):
    studio.create("wk1")

    answer = viewer.get(path)

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "query",
    ["line=x", "line=-1", "from=1.5", "before=%00", "attempt=²", "stream=../config", "from=9" * 9],
)
def test_what_cannot_be_meant_is_refused(viewer, query):
    studio.create("wk1")

    answers = [
        viewer.get(f"/sprints/wk1/?{query}"),
        viewer.get(f"/sprints/wk1/log?run=g/1&{query}"),
    ]

    assert answers[0].status_code == 422
    assert answers[1].status_code in (404 if "attempt" in query else 422, 422)


def test_the_live_part_holds_only_what_has_changed(red, viewer):
    version = studio.sprint("wk1").version

    same = viewer.get(red, {"part": "live", "seen": version, "acts": ""}, headers=LIVE)
    other = viewer.get(red, {"part": "live", "seen": version - 1, "acts": "x"}, headers=LIVE)

    parts = [set(re.findall(r'id="(live-\w+)"', one.content.decode())) for one in (same, other)]
    assert parts[0] == {"live-title", "live-state"}
    assert parts[1] == parts[0] | {
        *("live-acts", "live-tabs", "live-timeline", "live-events", "live-work")
    }
    assert not any(
        b"<html" in one.content or b'id="output"' in one.content for one in (same, other)
    )


def test_the_pane_comes_alone_where_it_is_asked_for(red, viewer):
    html = viewer.get(red, {"part": "output"}).content.decode()

    assert html.strip().startswith('<div id="output"')
    assert "stdout-L5001" in html


def test_its_cost_does_not_grow_with_attempts(red, invoke, viewer):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert viewer.get(red).status_code == 200
        return len(caught)

    few = queries()
    run, task = studio.gate_run(), Task.objects.order_by("-pk").first()
    for n in range(2, 31):
        run.pk, run.number, run.attempt = f"wk1/qa_smoke_quick/{n}", n, n
        run.save(force_insert=True)
        task.pk, task.task_id, task.attempt = f"{task.round_id}/lead_{n}", f"lead_{n}", n
        task.save(force_insert=True)
    studio.forge("sprint", attempt=30)

    answer = viewer.get(red)

    assert queries() == few
    assert few <= 16
    assert "Earlier attempts (29)" in text_of(answer)


def test_earlier_attempts_stay_to_be_looked_at(red, invoke, viewer):
    assert invoke("sprint", "retry", "wk1").code == 1

    text = text_of(viewer.get(red))
    first = text_of(viewer.get(red, {"attempt": 1, "run": "qa_smoke_quick/1"}))

    assert text.index("Attempt 2") < text.index("Earlier attempts (1)")
    assert "failed · 0" in text
    assert "Timeline as of attempt 1" in first
    assert "run 1 · attempt 1" in first


def test_its_keys_are_listed_on_this_page_alone(red, viewer):
    here, there = viewer.get(red), viewer.get("/gates/")

    assert "Follow the output" in text_of(here)
    assert "Follow the output" not in text_of(there)


def test_the_page_is_light(red, viewer):
    answer = viewer.get(red, {"stream": "stderr"})

    assert weight_of(answer) < 12_000


def test_it_reads_well_when_the_contract_was_broken(store, viewer):
    """A meta that somebody wrote by other means is shown, not stumbled over."""
    studio.create("wk4")
    odd = {"brief": 7, "active_agents": "x", "required_acks_by_round": [1], "<b>": {"x": "</p>"}}
    studio.forge("sprint", "wk4", meta=odd)

    answer = viewer.get("/sprints/wk4/")

    assert answer.status_code == 200
    assert "&lt;b&gt;" in answer.content.decode()


def test_the_banner_says_why_the_gate_was_not_sent_back(store, viewer):
    studio.speaker("replies")
    idle = (sys.executable, "-c", "print('Status: DONE')")
    studio.set_agent(command=idle)
    studio.gate("false")
    studio.create("wk1")
    studio.run("wk1")

    page = viewer.get("/sprints/wk1/").content.decode()

    assert "Gate qa_smoke_quick failed in R3, exit code 1." in page
    assert "Not sent back: the same tree failed in the same way before." in page
    assert "fix1_agent_01" in page


def judged(viewer, part: str, **asked: str) -> list[str]:
    """What tabs and output say of the end of their run, by which the page asks for both again."""
    html = viewer.get("/sprints/wk1/", {"part": part, **asked}, headers=LIVE).content.decode()
    return re.findall(r'data-judged="([^"]*)"', html)


def test_tabs_and_output_say_alike_how_the_run_has_ended_and_that_its_reason_is_known(red, viewer):
    assert judged(viewer, "live") == ["failed and why"]
    assert judged(viewer, "output") == ["failed and why"]

    answer = viewer.get(red, {"part": "output"}, headers=LIVE)
    assert '<span class="log-status">exit 3 · run 1' in answer.content.decode()


def test_the_output_of_a_gate_that_runs_is_asked_for_again_when_it_ends(red, viewer):
    run = studio.gate_run()
    studio.forge("gaterun", run.pk, status="running", exit_code=None, finished_at=None)
    studio.forge("sprint", "wk1", status="running")
    before = judged(viewer, "output")
    assert '<span class="log-status">running' in (
        viewer.get(red, {"part": "output"}, headers=LIVE).content.decode()
    )

    studio.forge("gaterun", run.pk, status="passed", exit_code=0, finished_at=run.finished_at)

    assert before == ["running"]
    assert judged(viewer, "live") == judged(viewer, "output") == ["passed"]


def test_a_chosen_run_stays_chosen_when_its_output_is_asked_for_again(red, viewer):
    asked = {"part": "output", "run": "qa_smoke_quick/1", "stream": "stderr"}

    html = viewer.get(red, asked, headers=LIVE).content.decode()

    assert " data-pinned" in html
    assert 'data-run="qa_smoke_quick/1"' in html
    assert 'data-stream="stderr"' in html
