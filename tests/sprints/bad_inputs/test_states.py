"""Test acts that a sprint's status forbids: the error names the status, and nothing changes."""

import pytest

from tests import studio
from tests.sprints.bad_inputs.refusals import IS


@pytest.mark.parametrize("again", ["s1", "S1"])
def test_an_id_is_given_once_in_any_case(refused, in_status, again):
    in_status("created")

    said = refused("sprint", "create", again, "--title", "Another")

    assert said == "sprint s1 already exists; it is created"


@pytest.mark.parametrize("act", ["run", "step"])
@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_a_sprint_that_has_ended_is_not_carried_on(refused, in_status, act, status):
    in_status(status)

    said = refused("sprint", act, "s1")

    retry = "" if status == "succeeded" else "; try: studio-gateway sprint retry s1"
    assert said == f"sprint s1 {IS[status]}{retry}"


@pytest.mark.parametrize("status", ["created", "running", "succeeded"])
def test_only_what_failed_or_was_cancelled_is_retried(refused, in_status, status):
    in_status(status)

    said = refused("sprint", "retry", "s1")

    assert said.startswith(f"sprint s1 {IS[status]}; only a failed, blocked or cancelled one")


def test_a_sprint_that_was_cancelled_before_it_started_is_not_retried(refused, in_status, invoke):
    in_status("created")
    assert invoke("sprint", "cancel", "s1").code == 0

    said = refused("sprint", "retry", "s1")

    assert "that had started can be retried" in said


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_nothing_is_left_to_cancel_once_a_sprint_has_ended(refused, in_status, status):
    in_status(status)

    said = refused("sprint", "cancel", "s1")

    assert said == f"sprint s1 {IS[status]}; there is nothing to cancel"


@pytest.mark.parametrize("act", ["run", "step", "retry"])
def test_a_sprint_in_other_hands_is_left_there(refused, in_status, act):
    in_status("running")
    lease = studio.take("s1")

    said = refused("sprint", act, "s1")

    assert said.startswith("process ")
    assert " runs sprint s1; to stop it: " in said
    studio.release(lease)
