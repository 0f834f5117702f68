"""Plan a sprint without starting or writing anything."""

import shlex
from collections.abc import Sequence

from django.utils import timezone

from sprints.contract.contract import Contract, ContractError
from sprints.contract.json_types import JsonObject
from sprints.git.merge import tag_named
from sprints.models import Sprint
from sprints.operations import floors
from sprints.operations.base_commit import contract_to_explore, ground, grounded
from sprints.operations.contract_builder import contract_for
from sprints.prompts.lead_plan import PLANNED_IN
from sprints.queries.sprints import get
from sprints.replay import dry_run
from sprints.state.refusals import Refused
from sprints.state.transitions import Transition


def plan(sprint_id: str) -> JsonObject:
    """Return the whole plan of a sprint, from R0 on.

    A running sprint uses its contract, any other the one that it would get now. Keys: ``rounds``
    with minutes, ``asks`` (with the prompts, as far as they do not depend on replies), ``gates``
    and ``hooks``; ``worst``, ``budget``, ``base``, ``ships``, ``approvals``; ``refused``, why it
    cannot start; ``ends``, where the simulation ends.

    Raises ``Refused`` and ``ContractError``.
    """
    sprint = get(sprint_id)
    contract, refused = _contract(sprint)
    fresh = dry_run.begun(sprint_id, sprint.title, sprint.meta, timezone.now())
    moves = [*dry_run.simulate(fresh, contract)]
    last = moves[-1].message
    used = dry_run.worst(contract, sprint.parsed_meta.granted)
    base = contract.base if contract.base and not refused else None
    return {
        "sprint_id": sprint_id,
        "title": sprint.title,
        "status": sprint.status,
        "profile": contract.profile,
        "deadline": contract.deadline,
        "rounds": [_round(contract, spec.code, moves) for spec in contract.rounds],
        "budget": {"launches": used[1].launches, "minutes": used[1].minutes} if used else None,
        "worst": {"launches": used[0].launches, "minutes": used[0].minutes} if used else None,
        "in_words": used[0].of(used[1]) if used else "no agent command runs",
        "base": base.to_json() if base else None,
        "ships": _ships(sprint_id, contract) if base else None,
        "approvals": contract.approvals.to_json() if contract.approvals else None,
        "refused": refused,
        "ends": "" if last == "sprint succeeded" else last,
    }


def worst_of(sprint_id: str) -> str:
    """Return the most that the agent commands of an unstarted sprint may use, in one line.

    Empty if the sprint has none, has begun, or cannot begin.
    """
    try:
        sprint = get(sprint_id)
        if sprint.status != Sprint.Status.CREATED:
            return ""
        used = dry_run.worst(contract_for(sprint.meta), sprint.parsed_meta.granted)
    except (Refused, ContractError):
        return ""  # the start reports the reason
    return used[0].of(used[1]) if used else ""


def _contract(sprint: Sprint) -> tuple[Contract, str]:
    """Return the contract, and why the sprint could not begin under it."""
    frozen = Contract.from_json(sprint.contract) if sprint.contract else None
    if frozen and sprint.status == Sprint.Status.RUNNING:
        return frozen, ""
    now = contract_for(sprint.meta)
    try:
        floors.check(sprint.meta)
        return grounded(now, frozen, ground), ""
    except ContractError as exc:
        return contract_to_explore(now), str(exc)


def _ships(sprint_id: str, contract: Contract) -> dict[str, str] | None:
    """Return the branch, tag and remote for shipped work; None if nothing is shipped."""
    base, undoes = contract.base, contract.undoes
    if base is None or not contract.ship:
        return None
    found = {"into": base.branch, "tag": tag_named(sprint_id, undoes.sprint if undoes else "")}
    return found | ({"remote": contract.ship_remote} if contract.ship_remote else {})


def _round(contract: Contract, code: str, moves: Sequence[Transition]) -> JsonObject:
    spec = contract.round(code)
    reported = [move for move in moves if move.round_id == code]
    return {
        "code": code,
        "title": spec.title,
        "minutes": [spec.min_minutes, spec.max_minutes],
        "asks": [_asked(contract, move.data) for move in reported if move.kind == "task_started"],
        "may_plan": bool(contract.active) and code in PLANNED_IN,
        "gates": [
            {
                "gate_id": gate.gate_id,
                "required": gate.required,
                "command": [*gate.command],
                "timeout_s": gate.timeout_s,
            }
            for gate in contract.gates_of(code)
        ],
        "hooks": [move.data["hook_id"] for move in reported if move.kind == "hook_started"],
    }


def _asked(contract: Contract, data: JsonObject) -> JsonObject:
    program = contract.agent(data["agent"])
    return {
        "task_id": data["task_id"],
        "agent": data["agent"],
        "by": shlex.join(program.command) if program else "scripted",
        "timeout_s": program.timeout_s if program else None,
        "prompt": data["prompt"],
    }
