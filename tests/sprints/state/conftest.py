"""A store in which no text can be read."""

import pytest

from gates import wording
from sprints.runner import runner
from tests.sprints.state.garbled import backwards, without_readable_reasons


@pytest.fixture
def garbled(store, monkeypatch):
    """Every message, reason, label and refusal is written backwards where it is made."""
    made, done = wording.worded, runner.perform
    monkeypatch.setattr(wording, "worded", lambda text, fields: backwards(made(text, fields)))
    monkeypatch.setattr(runner, "perform", lambda *args: without_readable_reasons(done(*args)))
    return store
