"""Begin or resume a command's own session: its words on the command line, and its id."""

from dataclasses import replace
from pathlib import Path

from sprints.agents import failure_signs
from sprints.agents.output_reader import TAIL_BYTES, end_of, ends_of, objects, texts
from sprints.contract.json_types import JsonObject
from sprints.prompts.exchange import Exchange, Question
from sprints.prompts.reply_format import plain
from sprints.state.messages import message

HEAD_BYTES = 64 << 10  # the part in which a command names its session


def _rules(question: Question) -> JsonObject:
    assert question.agent is not None, "only an agent that is on record with its program comes here"
    rules: JsonObject = (question.agent.reply or {}).get("session", {})
    return rules


def words(question: Question) -> list[str]:
    """Return the words for the session on the command line."""
    said = _rules(question).get("again" if question.again else "begin", [])
    if not question.session:  # a trial has none
        return []
    return [word.replace("{id}", question.session) for word in said]


def noted(question: Question, said: Exchange, folder: Path) -> Exchange:
    """Return the exchange with the id of its session.

    If the command does not know the session to resume, the attempt does not count as failed. The
    question is asked again in a new session.
    """
    rules = _rules(question)
    if not rules or not (folder / "stdout.txt").exists():  # the command never began
        return said
    errors = plain(end_of(folder / "stderr.txt", TAIL_BYTES))
    said_so = failure_signs.failed(folder, (question.agent and question.agent.reply) or {})
    reported = f"{said_so} {errors}".lower()
    gone = any(text.lower() in reported for text in rules.get("unknown", ()))
    if question.again and gone and said.exit_code:
        reason = message("outcome.session_unknown", reason=said.reason)
        return replace(said, reason=reason, stopped=True)
    known = question.session
    if not known and "id" in rules:
        head = ends_of(folder / "stdout.txt", HEAD_BYTES, 0)[0]
        named = [name for one in objects(head) for name in texts(one, rules["id"])]
        known = named[-1] if named else ""
    return replace(said, session=known)
