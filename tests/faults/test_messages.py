"""Test messages that are duplicated, late, forged or lost, and two clusters on one queue."""

import sqlite3

import pytest

from tests.faults.arena import Arena
from tests.faults.table import trial

TOGETHER = 50
# Two sprints in one tree at once would meet in the folder.
ALONE = (
    "sh -c 'mkdir alone && echo $STUDIO_GATEWAY_RUN >> ran; echo half; rmdir alone && echo judged'"
)


def rows(arena: Arena, sql: str, *values: str) -> list[tuple]:
    """One statement on the queue's table."""
    with sqlite3.connect(arena.store / "gateway.sqlite3", timeout=30) as connection:
        found = connection.execute(sql, values).fetchall()
    connection.close()
    return found


def deliver(arena: Arena, *payloads: str) -> None:
    """Put messages into the queue behind everybody's back."""
    for payload in payloads:
        rows(
            arena,
            "INSERT INTO django_q_ormq (key, payload, lock)"
            " VALUES ('studio-gateway', ?, '2026-01-01 00:00:00')",
            payload,
        )


def payloads(arena: Arena) -> list[str]:
    """What waits in the queue."""
    return [payload for (payload,) in rows(arena, "SELECT payload FROM django_q_ormq ORDER BY id")]


def test_a_message_that_comes_four_times_replayed_and_forged_has_its_effect_once(arena):
    with trial("message delivered x4, replayed, forged", arena.store):
        arena.queue("one")
        (message,) = payloads(arena)
        deliver(arena, message, message, message)
        deliver(arena, "x", message[:-4] + "AAAA", message[5:], "gASVAAAAAAAAAA.x:y:z")
        worker = arena.worker()
        assert arena.succeed("one")

        deliver(arena, *[message] * 4)
        arena.queue("two")

        assert arena.succeed("two")
        arena.stop(worker)
        arena.check("one", "two")


@pytest.mark.whole
def test_every_message_lost_is_found_again(arena):
    with trial("queue emptied", arena.store):
        arena.queue("one", "two")
        rows(arena, "DELETE FROM django_q_ormq")

        worker = arena.worker()

        assert arena.succeed("one", "two")
        arena.stop(worker)
        arena.check("one", "two")


@pytest.mark.whole
def test_two_clusters_race_for_the_same_sprints(arena):
    arena.set_gate(ALONE)
    names = [f"r{n}" for n in range(TOGETHER)]
    with trial(f"two clusters, {TOGETHER} sprints, SQLite", arena.store):
        workers = [arena.start("worker", "--name", name) for name in ("left", "right")]
        arena.queue(*names)

        assert arena.succeed(*names, within=300), arena.statuses()

        for worker in workers:
            arena.stop(worker)
        arena.check(*names)
