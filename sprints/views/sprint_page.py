"""Show the page of one sprint: its state, and the output of its gates."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from gates.models import GateRun
from sprints.contract.contract import CODES, PROFILES
from sprints.models import Task
from sprints.operations import Refused
from sprints.prompts.roster import AGENTS
from sprints.queries.budgets import budget_of
from sprints.queries.durations import times
from sprints.roles import Role
from sprints.store.config_values import current_config
from sprints.views.approvals import approval_in, decisions_in
from sprints.views.brief import brief_html
from sprints.views.gate_log import Unclear, number
from sprints.views.output_window import STREAMS, Output, Wanted, output
from sprints.views.questions import answers_in, question_in
from sprints.views.request import Request
from sprints.views.responses import answer, only
from sprints.views.sprint_acts import acts_of
from sprints.views.sprint_banner import Banner, banner, cards
from sprints.views.sprint_rows import SprintRows, rows_of, texts_of
from sprints.views.timeline import Item, Timeline, timeline

OURS = frozenset(  # keys of a sprint's meta with their own places on the page
    "brief active_agents required_acks_by_round gate_profile enable_auto_merge created_by "
    "agent_budget automation_paused paused_by paused_ts paused_why pause_after waiting_for "
    "queue_first_ts "
    "shipping approval stop_reason".split()
)


@only("GET")
def page(request: Request, sprint_id: str) -> HttpResponse:
    """Show the page, or only its ``part``: ``live``, which changes, or ``output``, the pane."""
    try:
        rows = rows_of(sprint_id)
        asked = Asked.of(request, rows)
    except Refused:
        return answer(request, 404, "no such sprint")
    except Unclear as exc:
        return answer(request, 422, str(exc))
    part, why = request.GET.get("part"), banner(rows)
    if part == "live":
        return render(request, "sprints/sprint_live.html", _moving(request, rows, asked, why))
    if part == "output":
        return render(request, "sprints/sprint_output.html", _pane(rows, asked, why))
    moving = _moving(request, rows, asked, why)
    still = {**_pane(rows, asked, why), **_brief(rows)}
    still["may_edit"] = request.role >= Role.OPERATOR
    return render(request, "sprints/sprint.html", moving | still | {"of_a_sprint": True})


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of the address: an attempt, a run and its stream, a place in it."""

    attempt: int
    run: GateRun | None
    stream: str | None
    wanted: Wanted
    chosen: bool

    @classmethod
    def of(cls, request: Request, rows: SprintRows) -> "Asked":
        """Return the parameters. Raises ``Unclear``, and ``Refused`` for an unknown run."""
        attempt = number(request, "attempt") or rows.sprint.attempt
        stream = request.GET.get("stream")
        if stream is not None and stream not in STREAMS:
            raise Unclear(f"stream is one of {', '.join(STREAMS)}")
        name = request.GET.get("run")
        run = rows.run(name) if name else None
        if attempt not in rows.attempts or (name and run is None):
            raise Refused("no such run")
        line, since = number(request, "line"), number(request, "from")
        wanted = Wanted(line or None, since, number(request, "before"))
        return cls(attempt, run, stream, wanted, chosen=bool(name))


def _moving(
    request: Request, rows: SprintRows, asked: Asked, why: Banner | None
) -> dict[str, object]:
    """Return the values of the live part."""
    now, sprint = timezone.now(), rows.sprint
    tasks, runs = rows.as_of(asked.attempt)
    acts = acts_of(rows) if request.role >= Role.OPERATOR else []
    state = " ".join(act.verb for act in acts)
    again = {"part": "live", "seen": sprint.version, "acts": state}
    again |= {key: request.GET[key] for key in ("run", "attempt") if key in request.GET}
    question, answers = question_in(rows), answers_in(rows)
    approval, decisions = approval_in(rows), decisions_in(rows)
    if question or answers or approval or decisions:
        names = [one.name if one else "" for one in (question, approval)]
        again["asked"] = f"{' '.join(names)} {len(answers)} {len(decisions)}"
    shown = asked.run or first_run(rows, why)
    return {
        "question": question,
        "answers": answers,
        "approval": approval,
        "decisions": decisions,
        "questions_changed": request.GET.get("asked") != again.get("asked"),
        "may_answer": request.role >= Role.OPERATOR,
        "sprint": sprint,
        "rows": rows,
        "banner": why,
        "cards": cards(rows, now),
        "times": times(sprint),
        "acts": acts,
        "acts_changed": request.GET.get("acts") != state,
        "changed": request.GET.get("seen") != str(sprint.version),
        "poll": "" if rows.ended else f"{request.path}?{urlencode(again)}",
        "every": "2s" if sprint.status == "running" else "5s",
        "attempt": asked.attempt,
        "budget": budget_of(sprint, rows.tasks),
        "profile_shown": _profile(rows),
        "tabs": tabs(rows, now),
        "shown": shown,
        "newest": _name(first_run(rows, why)),
        "judged": _judged(shown, why),
        "timeline": _timeline(rows, tasks, runs, now),
        "tasks": _with_texts(tasks),
    }


def _pane(rows: SprintRows, asked: Asked, why: Banner | None) -> dict[str, object]:
    """Return the values of the output pane."""
    run = asked.run or first_run(rows, why)
    if run is None:
        return {"run": None, "sprint": rows.sprint, "judged": _judged(None, why)}
    fault = why.fault if why and why.run is run else None
    stream = asked.stream or (fault.stream if fault and not asked.wanted.line else "stdout")
    shown: Output = output(run, stream, asked.wanted, fault)
    return {
        "sprint": rows.sprint,
        "run": run,
        "run_name": _name(run),
        "judged": _judged(run, why),
        "stream": stream,
        "streams": STREAMS,
        "output": shown,
        "pinned": asked.chosen,
    }


def first_run(rows: SprintRows, why: Banner | None) -> GateRun | None:
    """Return the run that the page opens on: the failed one, a running one, or the last."""
    if why and why.run:
        return why.run
    going = [run for run in rows.runs if run.status == GateRun.RUNNING]
    last = rows.runs[-1:] if rows.runs else []
    return next(iter(going or last), None)


def _judged(run: GateRun | None, why: Banner | None) -> str:
    """Return what the output pane says of a run; it is fetched again when this changes."""
    return f"{run.status}{' and why' if why and why.run is run else ''}" if run else ""


class Tab(TypedDict):
    """A run's tab: its name ``gate_id/number``, its round, and its seconds until now."""

    run: GateRun
    name: str
    code: str
    s: float


def tabs(rows: SprintRows, now: datetime) -> list[tuple[int, list[Tab]]]:
    """Return the runs by attempt, the newest attempt first."""
    by_attempt: dict[int, list[Tab]] = {}
    for run in rows.runs:
        seconds = run.duration_s
        if seconds is None:
            seconds = ((run.finished_at or now) - run.started_at).total_seconds()
        code = run.round_id.split("/")[1]
        tab = Tab(run=run, name=_name(run), code=code, s=seconds)
        by_attempt.setdefault(run.attempt, []).append(tab)
    return sorted(by_attempt.items(), reverse=True)


def _name(run: GateRun | None) -> str:
    return run.pk.partition("/")[2] if run else ""


def _profile(rows: SprintRows) -> str:
    """Return the frozen gate profile, or the one for a start now."""
    frozen = rows.sprint.contract
    wished = rows.sprint.meta.get("gate_profile") or current_config().gate_profile
    return str(frozen["profile"] if frozen else wished)


def _timeline(
    rows: SprintRows, tasks: list[Task], runs: list[GateRun], now: datetime
) -> Timeline | None:
    sprint = rows.sprint
    if sprint.started_at is None:
        return None
    items = []
    for row in rows.rounds:
        label = f"{row.code.split('_')[0]} {row.title}"
        items.append(Item(label, "round", row.status, row.started_at, row.finished_at))
        for task in tasks:
            if task.round_id == row.pk:
                end = task.updated_at if task.status in ("done", "cancelled") else None
                items.append(Item(_agent(task), "task", task.status, task.created_at, end))
        items += [
            Item(f"Gate {run.gate_id}", "gate", run.status, run.started_at, run.finished_at)
            for run in runs
            if run.round_id == row.pk
        ]
    items += [
        Item(
            f"Hook {row.hook_id} at {row.point}",
            "hook",
            row.status,
            row.created_at,
            row.finished_at,
        )
        for row in reversed(rows.deliveries)
        if row.place
    ]
    return timeline(items, sprint.started_at, sprint.finished_at or now)


def _agent(task: Task) -> str:
    role = AGENTS.get(task.owner_agent, "").replace("_", " ")
    return f"{task.owner_agent.replace('agent_', 'Agent ')} {role}".strip()


def _with_texts(tasks: list[Task]) -> list[dict[str, object]]:
    texts = texts_of(tasks)
    return [
        {"task": task, "agent": _agent(task), "prompt": prompt, "reply": reply}
        for task in tasks
        for prompt, reply in [texts.get(task.pk, ("", ""))]
    ]


def _brief(rows: SprintRows) -> dict[str, object]:
    meta = rows.sprint.meta
    text = meta.get("brief") if isinstance(meta.get("brief"), str) else ""
    active = meta.get("active_agents")
    acks = meta.get("required_acks_by_round")
    acks = acks if isinstance(acks, dict) else {}
    return {
        "brief": text,
        "brief_html": brief_html(text or ""),
        "profile": _profile(rows),
        "some_active": bool(active),
        "profiles": PROFILES,
        "agents": [
            {
                "id": one,
                "role": role.replace("_", " "),
                "on": isinstance(active, list) and one in active,
            }
            for one, role in AGENTS.items()
        ],
        "acks": [(code, _listed(acks.get(code))) for code in CODES],
        "others": sorted((k, _shown(v)) for k, v in meta.items() if k not in OURS),
    }


def _shown(value: object) -> str:
    """Return a value of the meta as text, a list with commas."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _listed(acks: object) -> str:
    """Return the agents as the form takes them."""
    if not isinstance(acks, list):
        return ""
    return ", ".join(str(one) for one in acks) or "-"
