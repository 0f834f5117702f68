"""Parse the body of a request: JSON within limits."""

from django.http import HttpRequest
from ninja.parser import Parser

from sprints.contract.json_types import JsonObject, JsonValue
from sprints.contract.meta import DEEP
from sprints.contract.strict_json import strict_json

DEEPEST = DEEP + 8  # meta is some levels down in a body


class Strict(Parser):
    """A strict JSON parser: UTF-8, no repeated key, no NaN, limited nesting."""

    def parse_body(self, request: HttpRequest) -> JsonObject:
        """Return the value of the body. Raises ``ValueError``."""
        body: JsonObject = strict_json(request.body.decode("utf-8"))
        if _is_deeper(body, DEEPEST):
            raise ValueError("nested too deeply")
        return body


def _is_deeper(value: JsonValue, levels: int) -> bool:
    """Return whether the value is nested over more than ``levels`` levels, without recursion."""
    here = [value] if isinstance(value, dict | list) else []
    for _ in range(levels + 1):
        inner = (one.values() if isinstance(one, dict) else one for one in here)
        here = [one for group in inner for one in group if isinstance(one, dict | list)]
        if not here:
            return False
    return True
