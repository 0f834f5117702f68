"""Test that docs/configuration.md agrees with the code and lists every setting."""

import re

from gateway_project.variables import VARIABLES
from sprints.contract.meta import FROZEN, OURS
from sprints.contract.meta_reference import KEYS
from sprints.store.config import RULES
from sprints.store.config_values import MEANINGS
from tests.world import ROOT
from tools import configuration

NAMED = re.compile(r'"(STUDIO_GATEWAY_[A-Z_]*[A-Z]|DATABASE_URL)"')
OURS_TO_SET = {"STUDIO_GATEWAY_RUN"}  # in the environment of what we start


def test_the_committed_page_is_of_this_code():
    assert configuration.FILE.read_text() == configuration.text(), (
        "make it anew: python tools/configuration.py"
    )


def test_every_variable_that_is_read_is_described():
    modules = [
        path
        for name in ("gateway_project", "gates", "sprints")
        for path in (ROOT / name).rglob("*.py")
    ]

    sources = [path.read_text() for path in modules if path.name != "variables.py"]

    read = {name for text in sources for name in NAMED.findall(text)} - OURS_TO_SET

    assert read | {"STUDIO_FAULT"} == {one.name for one in VARIABLES}


def test_every_switch_and_every_key_of_a_meta_is_described():
    assert set(MEANINGS) == set(RULES)
    assert set(KEYS) >= FROZEN | OURS
