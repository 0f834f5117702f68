"""Show an agent's question on the sprint's page, and read its answer from the form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sprints.contract.json_types import JsonObject
from sprints.models import Task
from sprints.prompts.reply_format import options
from sprints.queries.snapshots import asks, name_of_question, question_of
from sprints.state.refusals import Refused
from sprints.state.snapshot import Snapshot
from sprints.views.sprint_rows import SprintRows

MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Question:
    """An open question. ``parts`` are pairs of a question and its choices."""

    name: str
    agent: str
    code: str
    since: datetime
    parts: list[tuple[str, tuple[str, ...]]]

    @property
    def offers(self) -> bool:
        """Return whether any part has choices."""
        return any(offered for _, offered in self.parts)


def question_in(rows: SprintRows) -> Question | None:
    """Return the question that blocks the sprint; None if there is none."""
    sprint = rows.sprint
    if sprint.status != sprint.Status.BLOCKED:
        return None
    here = f"{sprint.pk}/{sprint.current_round}"
    for task in rows.tasks:
        asked = task.details.get("asks", [])
        is_now = task.round_id == here and task.attempt == sprint.attempt
        if asked and is_now and task.status == Task.Status.BLOCKED:
            name = name_of_question(task.round_id, task.task_id, task.details)
            parts = [(one, options(one)) for one in asked]
            code = str(sprint.current_round)
            return Question(name, task.owner_agent, code, task.updated_at, parts)
    return None


def answers_in(rows: SprintRows) -> list[JsonObject]:
    """Return the answers of humans, newest first.

    Keys: ``agent``, ``code``, ``questions``, ``text``, ``by``, ``ts``.
    """
    found = [
        {**one, "code": task.round_id.split("/")[1]}
        for task in rows.tasks
        for one in task.details.get("answers", ())
    ]
    return sorted(found, key=lambda one: str(one["ts"]), reverse=True)[:MOST_SHOWN]


def answer_of(snapshot: Snapshot, form: Mapping[str, str]) -> str:
    """Return the form's answer to the open question: the choices, then the text.

    The choices are ``choice_0`` and so on. Raises ``Refused``.
    """
    task = question_of(snapshot)
    asked = asks(task) if task else []
    chosen = []
    for number, question in enumerate(asked):
        choice = form.get(f"choice_{number}", "")
        if choice and choice not in options(question):
            raise Refused(f"choose one of: {', '.join(options(question)) or 'nothing'}")
        if choice:
            chosen.append(choice if len(asked) == 1 else f"{question} {choice}")
    return "\n".join([*chosen, form.get("text", "").replace("\r\n", "\n")]).strip()
