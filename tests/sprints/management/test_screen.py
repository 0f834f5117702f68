"""Test tables that are wider than the terminal."""

from sprints.management.screen import new_table, print_table

DELIVERY = "msg_aeae2a1d5c5cc7cd572f78a3"
SPRINT = "nightly-20261201-0200"


def test_an_id_stays_on_one_line_on_a_narrow_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    table = new_table("delivery", "sprint", "reason")
    table.add_row(DELIVERY, SPRINT, "HTTP 503 Service Unavailable")

    print_table(table)

    said = capsys.readouterr().out
    assert DELIVERY in said
    assert SPRINT in said
    assert "Unavailabl" in said


def test_other_columns_fold_where_there_is_room_for_the_ids(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    table = new_table("sprint", "status", "title and reason")
    table.add_row(SPRINT, "succeeded", "a title that is longer than its column " * 2)

    print_table(table)

    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 60
    assert len(lines) > 3
