"""What a sprint would do, and what it has to tell users after, for people at a terminal."""

import shlex
from typing import Any

from rich.text import Text

from sprints.contract.approval_policy import WORDS
from sprints.management.tables import Screen
from sprints.state.snapshot import Snapshot

TASKS = "  may give out tasks; whom it names is asked as well (docs/orchestration.md)"


def patch_notes(after: Snapshot) -> None:
    """Print what the last lead has delivered, where there is anything."""
    noted = [task for task in after.tasks if task.details.get("patch_notes")]
    for task in sorted(noted, key=lambda task: task.attempt)[-1:]:
        screen = Screen(soft_wrap=True)
        screen.print("patch notes:")
        for line in task.details["patch_notes"]:
            screen.print(Text(f"  {line}"))


def show(found: dict[str, Any], *, prompts: bool) -> None:
    """Print the plan; with ``prompts``, also what each program is asked."""
    screen = Screen(soft_wrap=True)

    def say(text: str, style: str = "") -> None:
        screen.print(Text(text, style))

    say(f"{found['sprint_id']}  {found['title']}", "bold")
    for one in found["rounds"]:
        low, high = one["minutes"]
        say(f"{one['code']}  {low:g} to {high:g} minutes", "bold")
        for ask in one["asks"]:
            limit = f", at most {ask['timeout_s']:g} s" if ask["timeout_s"] else ""
            say(f"  {ask['task_id']}: {ask['by']}{limit}")
            if prompts and ask["timeout_s"]:
                say("".join(f"    | {line}\n" for line in ask["prompt"].splitlines()).rstrip())
        if one["may_plan"]:
            say(TASKS)
        for gate in one["gates"]:
            kind = "gate" if gate["required"] else "gate (advisory)"
            command = shlex.join(gate["command"])
            say(f"  {kind} {gate['gate_id']}: {command}, at most {gate['timeout_s']:g} s")
        for hook in dict.fromkeys(one["hooks"]):
            say(f"  waits for hook {hook}")
    say(f"deadline: {found['deadline']}")
    say(found["in_words"])
    if base := found["base"]:
        say(f"work begins at {base['commit'][:12]} of {base['branch'] or 'no branch'}")
    ships = found["ships"]
    where = f"merged into {ships['into']}, tagged {ships['tag']}" if ships else "nothing"
    pushed = f", pushed to {ships['remote']}" if ships and "remote" in ships else ""
    say(f"what is shipped: {where}{pushed}")
    if asks := found["approvals"]:
        for what in asks["before"]:
            say(f"waits for a yes {WORDS[what]}, for {asks['hours']:g} hours")
        if paths := asks["protected"]:
            say(f"waits for a yes where one of these is changed: {', '.join(paths)}")
    if found["refused"]:
        say(f"it cannot be started: {found['refused']}", "red")
    if found["ends"]:
        say(f"after that it waits: {found['ends']}", "yellow")
