"""What programs reached, added up over the runs of a sprint."""

from sprints.state.network_use import MOST, summed, told


def one(host: str, state: str = "reached", count: int = 1, **more: int) -> dict:
    return {"host": host, "port": 443, "state": state, "count": count, **more}


def test_runs_are_added_up_by_host_port_and_state():
    first = {"destinations": [one("b", sent=1, received=2), one("a", "refused")], "more": 1}
    second = {"destinations": [one("b", count=2, sent=10, received=20)], "missed": {"local": 2}}

    assert summed([first, {}, second]) == {
        "destinations": [one("a", "refused"), one("b", count=3, sent=11, received=22)],
        "missed": {"local": 2},
        "more": 1,
    }


def test_the_order_of_the_runs_and_their_grouping_do_not_count():
    runs = [{"destinations": [one(name), one("x", count=3)], "more": 2} for name in "cab"]
    assert summed(runs) == summed(reversed(runs)) == summed([summed(runs[:2]), runs[2]])


def test_nothing_stays_nothing():
    assert summed([]) == summed([{}, {}]) == {}
    assert told({}) == ""


def test_a_sum_has_a_bound():
    many = {"destinations": [one(f"h{n:03}", count=2) for n in range(MOST + 3)]}
    found = summed([many])
    assert len(found["destinations"]) == MOST
    assert found["more"] == 6


def test_one_attempt_past_the_proxy_is_blocked_as_well():
    assert told({"missed": {"local": 1}}) == "1 blocked attempt"


def test_a_record_is_told_in_one_line():
    record = {"destinations": [one("a", count=2), one("b", "refused")], "missed": {"outside": 3}}
    assert told(record) == "a:443 reached 2 times, b:443 refused, 3 blocked attempts"
