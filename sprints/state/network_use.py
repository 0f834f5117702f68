"""Add up what programs reached, or tried to, through the networks of their sandboxes."""

from collections.abc import Iterable

from sprints.contract.json_types import JsonMapping, JsonObject

MOST = 100  # destinations by name; further ones are counted together
COUNTS = ("count", "sent", "received")


def summed(records: Iterable[JsonMapping]) -> JsonObject:
    """Return the records of several runs as one: each destination once, sorted, with its counts."""
    found: dict[tuple[str, int, str], dict[str, int]] = {}
    missed: dict[str, int] = {}
    more = 0
    for record in records:
        more += record.get("more", 0)
        for name, count in record.get("missed", {}).items():
            missed[name] = missed.get(name, 0) + count
        for one in record.get("destinations", ()):
            counts = found.setdefault((one["host"], one["port"], one["state"]), {})
            for name in COUNTS:
                if name in one:
                    counts[name] = counts.get(name, 0) + one[name]
    names = sorted(found)
    more += sum(found[name]["count"] for name in names[MOST:])
    destinations = [
        {"host": host, "port": port, "state": state} | found[host, port, state]
        for host, port, state in names[:MOST]
    ]
    return (
        ({"destinations": destinations} if destinations else {})
        | ({"missed": dict(sorted(missed.items()))} if missed else {})
        | ({"more": more} if more else {})
    )


def refused(record: JsonMapping) -> list[str]:
    """Return the first three hosts with their ports that were refused."""
    found = [one for one in record.get("destinations", ()) if one["state"] == "refused"]
    return [f"{one['host']}:{one['port']}" for one in found[:3]]


def told(record: JsonMapping) -> str:
    """Return a record in one line for people; empty if there is nothing in it."""
    lines = [
        f"{one['host']}:{one['port']} {one['state']}"
        + f" {one['count']} times" * (one["count"] > 1)
        for one in record.get("destinations", ())
    ]
    missed = sum(record.get("missed", {}).values())
    lines += [f"{missed} blocked attempt{'s' * (missed > 1)}"] if missed else []
    lines += [f"{record['more']} more"] if record.get("more") else []
    return ", ".join(lines)
