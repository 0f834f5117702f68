"""Try every agent command for ``doctor agents``, with one finding an agent."""

import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from sprints.agents.probe import probe
from sprints.contract.agent_spec import SCRIPTED, AgentDefinition
from sprints.git.trial_clone import Place, clones
from sprints.health.doctor import Check, Finding
from sprints.health.missing_gates import missing_in
from sprints.models import Agent
from sprints.models.lease import held, holder
from sprints.store.layout import Store
from sprints.store.schema_version import check_schema

TIMEOUT_S, MOST_S = 60.0, 3600.0


class Trial(NamedTuple):
    """The result of one trial: a finding without the name of the agent."""

    state: str
    text: str
    remedy: str = ""


def trials(timeout_s: float = TIMEOUT_S) -> dict[str, Check]:
    """Return the check, with a timeout in seconds."""
    return {"agents": lambda store: _tried(store, timeout_s)}


def _tried(store: Store, timeout_s: float) -> Iterator[Finding]:
    check_schema()
    agents = [row.definition for row in Agent.objects.exclude(runner=SCRIPTED)]
    if not agents:
        yield Finding("agents", "ok", "no agent is a program: all are scripted")
        return
    found: dict[str, tuple[str, Trial]] = {}
    with clones(store.repo) as place:
        for agent in agents:
            key = repr(_program(agent))
            first, trial = found.get(key) or (agent.agent_id, _try(agent, store, place, timeout_s))
            found[key] = first, trial
            same = "" if first == agent.agent_id else f"as {first}: "
            yield Finding(
                "agents", trial.state, f"{agent.agent_id}: {same}{trial.text}", trial.remedy
            )


def _program(agent: AgentDefinition) -> AgentDefinition:
    """Return the fields on which a trial depends: agents with equal ones are tried once."""
    nobody = replace(agent, agent_id="", label="", title="", mission="")
    return replace(nobody, responsibilities=(), authority=(), deliverables=())


def _try(agent: AgentDefinition, store: Store, place: Place, timeout_s: float) -> Trial:
    name, change = agent.agent_id, f"studio-gateway agent set {agent.agent_id} --command C"
    here, is_clone = place.fresh()
    if missing := missing_in(here, agent.command):
        if missing_in(store.repo, agent.command):
            return Trial("bad", f"there is no {missing}", change)
        text = f"{missing} is not in a fresh clone of the repository"
        return Trial("bad", text, f"git add {shlex.quote(missing)} && git commit")
    trial = probe(agent, here, store.repo, store.root, timeout_s)
    program = f"{agent.command[0]} ({trial.version or 'version unknown'})"
    where = "" if is_clone else ", in an empty repository, for there is none to clone"
    text = f"{program} {trial.text}{where}"
    if not trial.outside:
        words = f"{text}; it changed nothing outside"
        if trial.answered:
            return Trial("ok", words)
        return Trial("bad", text, f"studio-gateway agent show {name}")
    names = ", ".join(trial.outside)
    busy = sorted(row.pk for row in held() if holder(row))
    if busy and trial.answered:
        words = f"{text}; {names} changed meanwhile, and so may {busy[0]} have done, which runs"
        return Trial("warn", words, "try again while no sprint runs")
    undo = f"git -C {shlex.quote(str(store.repo))} status"
    return Trial("bad", f"{text}; it changed outside its clone: {names}", undo)
