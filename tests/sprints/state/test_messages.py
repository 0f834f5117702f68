"""Test the catalogue of texts, and that events and refused moves of the engine come from it."""

import ast
import string
from pathlib import Path

import pytest

from sprints.state.event_codes import EventCode
from sprints.state.event_texts import SPRINT_TEXTS, STORE_TEXTS
from sprints.state.label_texts import LABEL_TEXTS
from sprints.state.messages import MESSAGES, Message, cut, message
from sprints.state.reason_texts import OUTCOME_TEXTS, REASON_TEXTS
from sprints.state.refusal_texts import REFUSAL_TEXTS, STORE_REFUSAL_TEXTS
from sprints.state.stop_reason import StopCode
from sprints.state.wait_reason import WaitCode
from tests.world import ROOT

MAKERS = {"sprints/state/messages.py", "sprints/models/transitions.py"}  # the second redacts
CORE = sorted((ROOT / "sprints" / "core").glob("*.py"))
OF_TEXT = {"Transition": 1, "MoveRefused": 0}  # by which argument each takes a text


def test_each_code_has_one_text():
    parts = (
        SPRINT_TEXTS,
        STORE_TEXTS,
        REASON_TEXTS,
        OUTCOME_TEXTS,
        REFUSAL_TEXTS,
        STORE_REFUSAL_TEXTS,
        LABEL_TEXTS,
    )

    assert len(MESSAGES) == sum(len(part) for part in parts)


def test_a_text_is_one_line_with_named_fields():
    for code, template in MESSAGES.items():
        names = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
        assert all(name.isidentifier() for name in names), code
        assert message(code, **dict.fromkeys(names, "x")).isprintable(), code


def test_every_stop_and_wait_has_its_texts():
    assert [code for code in WaitCode if f"wait.{code}" not in MESSAGES] == []
    assert [code for code in StopCode if f"stop.{code}" not in MESSAGES] == []
    by_event = {*StopCode} - {StopCode.CANCELLED, StopCode.OTHER}
    by_kind = {StopCode.APPROVAL_NEEDED, StopCode.APPROVAL_REJECTED, StopCode.APPROVAL_EXPIRED}
    stopped = {code for code in StopCode if f"event.stopped.{code}" in MESSAGES}
    assert stopped == by_event - by_kind


def test_every_code_of_an_event_has_its_text():
    kinds = {EventCode.REMOVED, EventCode.ENGINE_ERROR}  # texts of their own for each kind
    assert [
        code for code in EventCode if f"event.{code}" not in MESSAGES and code not in kinds
    ] == []


def test_a_text_is_cut_to_the_length_of_a_message():
    assert len(cut(Message("x" * 600))) == 500


def test_no_other_module_makes_a_message():
    for path in (*(ROOT / "sprints").rglob("*.py"), *(ROOT / "gateway_project").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name not in MAKERS:
            assert "Message" not in _called(path), f"{name} makes a message without a code"


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_the_engine_drafts_events_and_refusals_from_the_catalogue(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            at = OF_TEXT.get(node.func.id)
            if at is not None and len(node.args) > at:
                text = node.args[at]
                assert not isinstance(text, ast.JoinedStr | ast.Constant | ast.BinOp), (
                    f"{path.name}:{node.lineno}: write message(…), not a text of its own"
                )


def _called(path: Path) -> set[str]:
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return {call.func.id for call in calls if isinstance(call.func, ast.Name)}
