"""Print the plan of a sprint, and its patch notes, for people at a terminal."""

import shlex

from rich.text import Text

from sprints.contract.json_types import JsonObject
from sprints.management.screen import Screen
from sprints.state.messages import approval
from sprints.state.snapshot import Snapshot

TASKS = "  may give tasks to other agents, which then run as well (docs/orchestration.md)"


def patch_notes(after: Snapshot) -> None:
    """Print the patch notes of the last lead task, if there are any."""
    noted = [task for task in after.tasks if task.details.get("patch_notes")]
    for task in sorted(noted, key=lambda task: task.attempt)[-1:]:
        screen = Screen(soft_wrap=True)
        screen.print("patch notes:")
        for line in task.details["patch_notes"]:
            screen.print(Text(f"  {line}"))


def show(found: JsonObject, *, prompts: bool) -> None:
    """Print the plan; with ``prompts``, also the prompt of each agent command."""
    screen = Screen(soft_wrap=True)

    def say(text: str, style: str = "") -> None:
        screen.print(Text(text, style))

    say(f"{found['sprint_id']}  {found['title']}", "bold")
    for one in found["rounds"]:
        low, high = one["minutes"]
        say(f"{one['code']}  {low:g} to {high:g} minutes", "bold")
        for ask in one["asks"]:
            limit = f", up to {ask['timeout_s']:g} s" if ask["timeout_s"] else ""
            say(f"  {ask['task_id']}: {ask['by']}{limit}")
            if prompts and ask["timeout_s"]:
                say("".join(f"    | {line}\n" for line in ask["prompt"].splitlines()).rstrip())
        if one["may_plan"]:
            say(TASKS)
        for gate in one["gates"]:
            kind = "gate" if gate["required"] else "gate (advisory)"
            command = shlex.join(gate["command"])
            say(f"  {kind} {gate['gate_id']}: {command}, up to {gate['timeout_s']:g} s")
        for hook in dict.fromkeys(one["hooks"]):
            say(f"  waits for the blocking hook {hook}")
    say(f"deadline: {found['deadline']}")
    say(found["in_words"])
    if base := found["base"]:
        say(f"base commit: {base['commit'][:12]} of {base['branch'] or 'a detached HEAD'}")
    ships = found["ships"]
    where = f"merge into {ships['into']}, tag {ships['tag']}" if ships else "nothing"
    pushed = f", push to {ships['remote']}" if ships and "remote" in ships else ""
    say(f"ships: {where}{pushed}")
    if asks := found["approvals"]:
        for what in asks["before"]:
            say(f"waits for approval {approval(what)}, for up to {asks['hours']:g} hours")
        if paths := asks["protected"]:
            say(f"waits for approval if one of these files changes: {', '.join(paths)}")
    if found["refused"]:
        say(f"cannot start: {found['refused']}", "red")
    if found["ends"]:
        say(f"then it waits: {found['ends']}", "yellow")
