"""Parsers of ``sprint``: its subcommands and their options."""

from argparse import ArgumentParser

from sprints.contract.approval_policy import POINTS
from sprints.contract.budget import MOST_LAUNCHES, MOST_TOKENS
from sprints.contract.contract import DEADLINES, MOST_AT_ONCE, PROFILES
from sprints.management.base import subcommand, subcommands, whole_number
from sprints.management.commands.events import count
from sprints.models import Sprint

AS_WORKERS = (
    "The workers then continue the sprint. Without workers, type: studio-gateway sprint run ID"
)
RUN_EXITS = {
    0: "the sprint succeeded",
    1: "the sprint failed or was cancelled",
    2: "the request was refused",
    3: "the sprint is blocked or paused and waits for a person",
    130: "you cancelled the sprint with Ctrl-C",
    143: "SIGTERM stopped the command, and the sprint can continue",
}
STEP_EXITS = RUN_EXITS | {0: "the round is done"}
QUEUE_EXITS = RUN_EXITS | {0: "the sprint succeeded or, with --queue, is queued"}


def listed(text: str) -> list[str]:
    """Return the words of a list with commas."""
    return [word for word in text.replace(" ", "").split(",") if word]


def declare(parser: ArgumentParser) -> None:
    """Declare the subcommands and their options."""
    group = subcommands(parser)

    def act(
        name: str, what: str, more: str = "", *, exits: dict[int, str] | None = None
    ) -> ArgumentParser:
        made = subcommand(group, name, what, more=more, exits=exits)
        made.add_argument("id", metavar="ID", help="id of the sprint")
        return made

    create = act("create", "create a sprint; it does not start yet")
    create.add_argument("--title", default="", help="title, one line (default: the id)")
    create.add_argument(
        "--profile",
        default="",
        metavar="P",
        help=f"set of gates to run: {' or '.join(PROFILES)} (default: the setting gate_profile)",
    )
    create.add_argument(
        "--deadline",
        default="",
        metavar="D",
        help=f"action when a round exceeds its time limit: {' or '.join(DEADLINES)} (default warn)",
    )
    create.add_argument(
        "--gates-at-once",
        type=whole_number(1, MOST_AT_ONCE),
        metavar="N",
        help=f"maximum number of gates that run at the same time, 1 to {MOST_AT_ONCE} (default 1)",
    )
    create.add_argument(
        "--approve",
        type=listed,
        metavar="WHERE",
        help=f"when a person must approve: {', '.join(POINTS)}, or both, separated by a comma"
        " (default: the setting approvals)",
    )
    edit = act(
        "edit",
        "change the title, the brief or settings of a sprint",
        "Some settings are fixed when the sprint starts. You cannot change them while it runs.",
    )
    edit.add_argument("--title", help="new title, one line; an empty title means the id")
    for made in (create, edit):
        made.add_argument("--brief", metavar="TEXT", help="brief: what the sprint is to do")
        made.add_argument(
            "--brief-file",
            metavar="F",
            help="UTF-8 text file with the brief, at most 1 MiB; - reads standard input",
        )
        made.add_argument(
            "--set",
            action="append",
            metavar="KEY=VALUE",
            help="sprint setting (see docs/configuration.md); VALUE is JSON or plain text, null"
            " removes the setting; repeatable",
        )
    run = act(
        "run",
        "run a sprint through rounds R0 to R5 in this terminal",
        "Ctrl-C cancels the sprint; a second Ctrl-C kills its processes at once. With"
        " --queue, a worker runs the sprint.",
        exits=QUEUE_EXITS,
    )
    act(
        "step",
        "run the next round of a sprint, and then pause; also starts a sprint that has not started",
        exits=STEP_EXITS,
    )
    retry = act(
        "retry",
        "run a stopped sprint again as a new attempt, from the round in which it stopped",
        exits=QUEUE_EXITS,
    )
    for made in (run, retry):
        made.add_argument(
            "--queue", action="store_true", help="queue the sprint for the workers and return"
        )
    pause = act("pause", "pause a sprint at its next step; a running gate or agent finishes first")
    pause.add_argument("--why", default="", help="reason, one line, for other users")
    answer = act("answer", "answer an agent's question", AS_WORKERS)
    answer.add_argument("--text", required=True, help="answer; the agent reads it in its prompt")
    approve = act("approve", "approve an open approval request", AS_WORKERS)
    approve.add_argument("--why", default="", help="reason, one line, for other users")
    reject = act("reject", "reject an open approval request; the sprint fails")
    reject.add_argument(
        "--why",
        required=True,
        help="reason, one line; if you retry the sprint, its agents read the reason",
    )
    for made in (approve, reject):
        made.add_argument(
            "--ask",
            default="",
            metavar="NAME",
            help="name of the approval request: WHERE/NUMBER, such as before_ship/2 (default: the"
            " open request)",
        )
    budget = act(
        "budget",
        "show or change the agent budget of a sprint",
        "Without options, the command prints the budget. If a sprint is blocked because its budget"
        " is used up, a larger budget continues the sprint.",
    )
    launches = whole_number(1, MOST_LAUNCHES)
    budget.add_argument(
        "--launches",
        type=launches,
        metavar="N",
        help="maximum number of agent launches for the sprint",
    )
    budget.add_argument(
        "--minutes", type=float, metavar="M", help="maximum running time of all agents in minutes"
    )
    budget.add_argument(
        "--tokens",
        type=whole_number(1, MOST_TOKENS),
        metavar="N",
        help="maximum number of tokens for the sprint",
    )
    budget.add_argument(
        "--usd", type=float, metavar="X", help="maximum cost of the sprint in US dollars"
    )
    act("resume", "resume a paused sprint", AS_WORKERS)
    act(
        "first",
        "move a queued sprint to the head of the queue",
        "To take a sprint out of the queue, type: studio-gateway sprint pause ID",
    )
    act("cancel", "cancel a sprint; the command returns when all its processes have ended")
    unship = act(
        "unship",
        "revert what a sprint shipped, in a new sprint that your gates judge",
        exits=QUEUE_EXITS,
    )
    unship.add_argument("--why", default="", help="reason, one line, for the commit message")
    unship.add_argument(
        "--queue", action="store_true", help="queue the new sprint for the workers and return"
    )
    plan = act("plan", "show what a sprint would do: rounds, agents, gates; nothing starts")
    plan.add_argument(
        "--json", action="store_true", help="print JSON instead of text, with every prompt"
    )
    plan.add_argument(
        "--prompts", action="store_true", help="print also the prompt of each agent command"
    )
    show = act("show", "show the rounds, gate runs and last error of a sprint")
    show.add_argument(
        "--json",
        action="store_true",
        help="print JSON instead of tables, in the format of the file state.json",
    )
    all_ = subcommand(group, "list", "list sprints, newest first")
    all_.add_argument("--json", action="store_true", help="print JSON instead of a table")
    all_.add_argument(
        "--status", choices=[*Sprint.Status], help="list only sprints with this status"
    )
    all_.add_argument("--archived", action="store_true", help="list the archived sprints")
    all_.add_argument(
        "--limit",
        type=count,
        default=50,
        metavar="N",
        help="maximum number of sprints (default 50)",
    )
