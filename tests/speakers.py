"""Provide agents that ask questions, for tests of answers."""

import sys
from dataclasses import replace

from django.conf import settings

from sprints import operations
from sprints.contract.agent_spec import COMMAND, SCRIPTED
from sprints.definitions import agents
from sprints.runner.runner import StopRequest
from tests.checkout import commit
from tests.world import MARK, ROOT


def set_speaker(way: str, agent_id: str = "agent_01") -> None:
    """Let tests/speaker.py answer for the agent, in that way; its work needs a commit."""
    if not (settings.STORE.repo / ".git" / "HEAD").exists():
        commit(settings.STORE.repo, {"a.txt": "a"})
    command = (sys.executable, str(ROOT / "tests" / "speaker.py"), way)
    agent = agents.get(agent_id).definition
    agents.put([replace(agent, runner=COMMAND, command=command, pass_env=(MARK,))])


def silence(agent_id: str = "agent_01") -> None:
    """Let no program answer for the agent any more."""
    agents.put([replace(agents.get(agent_id).definition, runner=SCRIPTED, command=())])


def ask(sprint_id: str, way: str = "directional") -> None:
    """Make and run a sprint until its agent asks."""
    set_speaker(way)
    operations.create(sprint_id, by="test")
    assert operations.run(sprint_id, StopRequest()).sprint.status == "blocked"
