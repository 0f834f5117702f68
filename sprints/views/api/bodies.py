"""What a request carries, as JSON and within bounds."""

from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from sprints.contract.meta import DEEP
from sprints.store.config import strict_json

DEEPEST = DEEP + 8  # meta stands some levels down in a body


class Strict(Parser):
    """JSON as the standard has it: UTF-8, no key twice, no NaN, nested no deeper than we can go."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """The value of the body. Raises ``ValueError``."""
        body: dict[str, Any] = strict_json(request.body.decode("utf-8"))
        if _is_deeper(body, DEEPEST):
            raise ValueError("nested too deeply")
        return body


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether it is nested over more than that many levels; level by level, without recursion."""
    here = [value] if isinstance(value, dict | list) else []
    for _ in range(levels + 1):
        inner = (one.values() if isinstance(one, dict) else one for one in here)
        here = [one for group in inner for one in group if isinstance(one, dict | list)]
        if not here:
            return False
    return True
