"""Name the types of parsed JSON; ``Any`` stands only here for a value of unknown shape."""

from collections.abc import Mapping
from typing import Any, TypeAlias

JsonValue: TypeAlias = Any  # a precise recursive type would need a check at each key
JsonObject: TypeAlias = dict[str, JsonValue]
JsonMapping: TypeAlias = Mapping[str, JsonValue]  # an object that is only read
