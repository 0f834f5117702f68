"""Small explorations in every run."""

import pytest

from tests.sprints.modelcheck.bounds import shorten


@pytest.fixture(autouse=True)
def bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bounds of this run."""
    shorten(monkeypatch)
