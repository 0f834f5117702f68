"""Test the base commit of a further attempt, and its contract without agent commands."""

from dataclasses import replace

from sprints.contract.approval_policy import Approvals
from sprints.contract.contract import DEFAULT_GATE, draft
from sprints.contract.git_values import Base
from sprints.contract.sandbox import SandboxSettings
from sprints.operations.base_commit import grounded
from tests.sprints.core.test_agent_tasks import LEAD

BASE = Base("main", "1" * 40)


def with_programs(**meta):
    """The contract of an attempt in which Agent 01 was a program."""
    drafted = draft(meta, [DEFAULT_GATE], agents=[LEAD])
    return replace(drafted, base=BASE, confinement=SandboxSettings("required", ("/srv",)))


def test_what_programs_have_left_is_judged_as_before_once_none_of_them_is_left():
    before = with_programs()
    scripted = draft({"approvals": ["before_ship"]}, [DEFAULT_GATE])

    found = grounded(scripted, before, lambda: "")

    protected = before.approvals.protected
    assert protected
    assert found.base == BASE
    assert found.approvals == Approvals(("before_ship",), protected)
    assert found.confinement == before.confinement


def test_where_nothing_was_protected_nothing_is():
    before = with_programs(protected_paths=[])

    assert grounded(draft({}, [DEFAULT_GATE]), before, lambda: "").approvals is None


def test_programs_that_are_there_work_under_the_settings_as_they_are_now():
    now = draft({"protected_paths": ["only/**"]}, [DEFAULT_GATE], agents=[LEAD])

    found = grounded(now, with_programs(), lambda: "")

    assert found.approvals.protected == ("only/**",)
