"""Test that deliveries are queued once, claimed by one process, and given up only in a record."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from gates.identity import identity
from sprints.contract.hook_spec import HookDefinition
from sprints.definitions import hooks
from sprints.hooks import outbox
from sprints.models import Delivery, Hook
from tests import studio

HOOK = HookDefinition("h1", "command", ("sprint_created",), ("true",), tries=2, backoff_s=5)


@pytest.fixture
def waiting(store):
    """A hook, and a delivery to it that is due."""
    hooks.put(HOOK)
    studio.create("wk1")
    outbox.hand_out(timezone.now())
    return studio.delivery()


def claim() -> tuple[Delivery, str] | None:
    """Claim what is due now."""
    return outbox.claim(timezone.now(), hook_id="h1")


def carry_out(hook: HookDefinition, row: Delivery) -> Delivery:
    """Change the hook, bring the delivery, and return it as it is then."""
    hooks.put(hook)
    studio.forge("delivery", row.pk, next_at=timezone.now())
    found = claim()
    assert found is not None
    outbox.carry_out(*found, lambda: None)
    row.refresh_from_db()
    return row


def test_an_event_is_handed_out_once_to_each_hook_that_wants_it(waiting):
    hooks.put(replace(HOOK, hook_id="h2", points=("round_done",)))

    for _ in range(3):
        outbox.hand_out(timezone.now())

    assert list(Delivery.objects.values_list("hook_id", "point")) == [("h1", "sprint_created")]


def test_a_delivery_is_claimed_by_one(waiting):
    found = claim()

    assert found is not None
    assert found[0].pk == waiting.pk
    assert claim() is None


def test_the_claim_of_a_dead_process_is_taken_over_and_of_a_living_one_is_not(waiting):
    claim()
    dead = replace(identity(), pid=2**22 - 1, start=1)

    studio.forge("delivery", owner=str(dead))
    found = claim()

    assert found is not None
    assert found[0].tries == 2
    assert found[1] == f"{waiting.pk}@1"
    assert claim() is None


def test_a_claim_that_has_run_out_is_taken_over_and_its_late_result_is_refused(waiting):
    first = claim()
    studio.forge("delivery", until=timezone.now() - timedelta(seconds=1))
    second = claim()
    assert first is not None
    assert second is not None

    outbox.carry_out(*second, lambda: None)
    hooks.put(replace(HOOK, target=("false",)))
    outbox.carry_out(*first, lambda: None)

    waiting.refresh_from_db()
    assert (waiting.status, waiting.tries) == ("delivered", 2)


def test_a_failed_try_waits_twice_as_long_as_the_one_before(waiting):
    red = replace(HOOK, target=("false",), tries=5)
    waits = []

    for _ in range(3):
        row = carry_out(red, waiting)
        waits.append((row.next_at - timezone.now()).total_seconds())
        assert row.status == "pending"

    assert [round(wait / 5) for wait in waits] == [1, 2, 4]


@pytest.mark.parametrize(
    ("target", "tries"),
    [
        (("--command", "true"), 3),
        (("--url", "https://example.com/a"), 12),
        (("--url", "https://example.com/a", "--tries", "2"), 2),
    ],
)
def test_a_url_is_tried_for_hours_unless_the_user_says_otherwise(invoke, target, tries):
    invoke("hook", "add", "h9", "--on", "error", *target)

    hook = Hook.objects.get(pk="h9").definition
    hours = sum(hook.wait_s(failures) for failures in range(1, hook.tries)) / 3600
    assert hook.tries == tries
    assert (hours > 5) == (tries == 12)


def test_the_wait_of_a_hook_that_fails_for_ever_stays_within_a_day():
    assert replace(HOOK, backoff_s=3600, tries=20).wait_s(19) == 24 * 3600


def test_a_delivery_put_off_by_a_clock_that_was_wrong_is_due(waiting):
    studio.forge("delivery", next_at=timezone.now() + timedelta(days=300))

    assert claim() is not None


def test_a_delivery_whose_process_dies_each_time_is_given_up_and_told(waiting):
    for _ in range(HOOK.tries + outbox.LIVES):
        assert claim() is not None
        studio.forge("delivery", until=timezone.now() - timedelta(seconds=1))

    found = claim()
    assert found is not None
    outbox.carry_out(*found, lambda: None)

    waiting.refresh_from_db()
    assert (waiting.status, waiting.failures) == ("failed", 1)
    assert waiting.reason == "started 7 times, each time without a known end"
    (error,) = studio.events("error")
    assert error["data"]["undelivered"] == waiting.pk


def test_a_hook_with_nothing_to_hear_is_not_written_at_every_look(store):
    row = hooks.put(replace(HOOK, points=("round_done",)))
    studio.create("wk1")

    outbox.hand_out(timezone.now())

    assert Hook.objects.get().seq == row.seq
