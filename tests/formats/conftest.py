"""Provide two histories, made once in a test run; tests only read them."""

import pytest

from tests.formats.histories import History, make


@pytest.fixture(scope="session")
def green(tmp_path_factory) -> History:
    """``wk8_demo`` succeeded."""
    return make(tmp_path_factory.mktemp("green") / "kingdom", 0)


@pytest.fixture(scope="session")
def red(tmp_path_factory) -> History:
    """``wk8_demo`` failed: its gate ended with 3 in R3."""
    return make(tmp_path_factory.mktemp("red") / "kingdom", 3)


@pytest.fixture(params=["green", "red"])
def either(request) -> History:
    """The one, then the other."""
    found: History = request.getfixturevalue(request.param)
    return found
