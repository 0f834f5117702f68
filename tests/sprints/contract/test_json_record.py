"""A record: one field a key, an absent key is None, unknown keys are kept."""

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from sprints.contract.json_record import JsonRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing(JsonRecord):
    KEYS: ClassVar = {"tries": "try"}

    name: str
    tries: int | None = None
    inner: "Thing | None" = None
    many: tuple[str, ...] | None = None

    @classmethod
    def parsed(cls, values):
        inner, many = values.get("inner"), values.get("many")
        return values | {
            "inner": inner and cls.from_json(inner),
            "many": many and tuple(many),
        }


def test_a_record_is_written_as_it_was_read():
    data = {"name": "a", "try": 0, "inner": {"name": "b", "x": 1}, "many": ["c"], "later": None}

    thing = Thing.from_json(data)

    assert (thing.tries, thing.inner.name, thing.many) == (0, "b", ("c",))
    assert thing.to_json() == data
    assert replace(thing, tries=2).to_json() == data | {"try": 2}


def test_an_absent_key_stays_absent():
    assert Thing.from_json({"name": "a"}).to_json() == {"name": "a"}
    assert replace(Thing(name="a", tries=1), tries=None).to_json() == {"name": "a"}


def test_a_missing_key_is_an_error():
    with pytest.raises(TypeError, match="name"):
        Thing.from_json({"try": 1})


@pytest.mark.parametrize(
    "data", [{"name": 1}, {"name": "a", "try": "1"}, {"name": "a", "try": True}]
)
def test_a_value_of_another_type_is_an_error(data):
    with pytest.raises(TypeError, match="cannot be"):
        Thing.from_json(data)
