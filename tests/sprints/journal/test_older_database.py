"""Test a process whose database is replaced by an older one, as by a standby that lags."""

import pytest
from django.utils import timezone

from sprints.journal import events_file, writer
from sprints.models import Event, Head
from sprints.models.transitions import note
from sprints.state.event_codes import EventKind
from sprints.state.messages import Message
from tests import studio

LOST = 3


def tell(count: int) -> None:
    for number in range(count):
        note(EventKind.NOTE, Message(f"note {number}"), timezone.now())


@pytest.fixture
def older(store):
    """The file's text, once the database has lost its last events."""
    tell(5)
    writer.flush()
    head = Head.objects.get(pk=1).seq - LOST
    Event.objects.filter(seq__gt=head).delete()
    Head.objects.filter(pk=1).update(seq=head, hash=Event.objects.get(seq=head).hash)
    return store.events.read_bytes()


def test_a_seq_that_is_given_again_is_noticed_at_once(store, older, capfd):
    tell(1)

    assert store.events.read_bytes() == older
    assert "ahead of the database" in Head.objects.get().mirror_fault
    assert "cannot be written" in capfd.readouterr().err


def test_a_database_that_has_passed_the_file_is_still_another(store, older):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "_drain", lambda **_: None)
        tell(LOST + 2)

    writer.flush()

    assert store.events.read_bytes() == older
    assert "not of this database" in Head.objects.get().mirror_fault


def test_a_file_that_only_waits_is_compared_as_well(store, older):
    writer.flush()

    assert store.events.read_bytes() == older
    assert "ahead of the database" in Head.objects.get().mirror_fault


def test_the_same_process_goes_on_once_the_file_is_set_aside(store, older):
    tell(1)

    kept = events_file.set_aside(store.events)
    writer.flush()

    assert (store.root / kept.name).read_bytes() == older
    assert kept.events == LOST
    assert studio.differences() == []
    assert Head.objects.get().mirror_fault == ""


def test_events_of_other_processes_are_no_older_database(store, capfd):
    tell(2)
    with pytest.MonkeyPatch.context() as patch:  # another process commits, and does not write
        patch.setattr(writer, "_drain", lambda **_: None)
        tell(2)

    tell(1)
    writer.flush()

    assert studio.differences() == []
    assert capfd.readouterr().err == ""
