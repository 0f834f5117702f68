"""Test that the help beside each field of the back office is a sentence that stands alone."""

import pytest

from sprints.admin.agents import AgentForm
from sprints.admin.gates import GateForm
from sprints.admin.hooks import HookForm
from sprints.admin.schedules import ScheduleForm

HELP = [
    (form.__name__, name, field.help_text)
    for form in (AgentForm, GateForm, HookForm, ScheduleForm)
    for name, field in form.base_fields.items()
    if field.help_text
]


@pytest.mark.parametrize(("form", "name", "text"), HELP, ids=[f"{a}.{b}" for a, b, _ in HELP])
def test_help_begins_and_ends_as_a_sentence(form, name, text):
    assert text[0].isupper()
    assert text.endswith(".") or "To print it, type: " in text


def test_forms_have_help():
    assert len(HELP) > 25
