"""What may be typed after ``sprint``: its acts and their options."""

from argparse import ArgumentParser

from sprints.contract.approval_policy import POINTS
from sprints.contract.budget import MOST_LAUNCHES, MOST_TOKENS
from sprints.contract.contract import DEADLINES, MOST_AT_ONCE, PROFILES
from sprints.management.base import subcommands, whole_number
from sprints.management.commands.events import count
from sprints.models import Sprint


def listed(text: str) -> list[str]:
    """Words with commas between."""
    return [word for word in text.replace(" ", "").split(",") if word]


def declare(parser: ArgumentParser) -> None:
    """Declare the acts and their options."""
    acts = subcommands(parser)

    def act(name: str, what: str, *, one: bool = True) -> ArgumentParser:
        made: ArgumentParser = acts.add_parser(name, help=what, description=what)
        if one:
            made.add_argument("id", metavar="ID")
        return made

    create = act("create", "make a sprint that can be run")
    create.add_argument("--title", default="", help="one line for people (default: the id)")
    create.add_argument("--brief-file", metavar="F", help="a text file with the brief")
    create.add_argument("--profile", default="", metavar="P", help=" or ".join(PROFILES))
    create.add_argument(
        "--deadline",
        default="",
        metavar="D",
        help=f"{' or '.join(DEADLINES)}: what the end of a round's minutes does (warn)",
    )
    create.add_argument(
        "--gates-at-once",
        type=whole_number(1, MOST_AT_ONCE),
        metavar="N",
        help="how many gates of a round may run side by side (1)",
    )
    create.add_argument(
        "--approve",
        type=listed,
        metavar="WHERE",
        help=f"{','.join(POINTS)}: where a human has to say yes",
    )
    edit = act("edit", "another title or brief, other settings; frozen ones while it does not run")
    edit.add_argument("--title", help="one line for people; empty: the id")
    edit.add_argument("--brief-file", metavar="F", help="a text file with the brief")
    for made in (create, edit):
        made.add_argument(
            "--set",
            action="append",
            metavar="KEY=VALUE",
            help="a key of its meta, the value as JSON or as it stands; null removes it",
        )
    run = act("run", "carry it through R0 to R5 here, with a progress display")
    act("step", "carry it through one round, starting it if need be")
    retry = act("retry", "start again at the round that failed, as a new attempt")
    for made in (run, retry):
        made.add_argument("--queue", action="store_true", help="hand it to the workers")
    pause = act("pause", "hold it at its next step; what runs goes on to its end")
    pause.add_argument("--why", default="", help="one line for the others")
    told = act("answer", "tell an agent what it asked; the sprint goes on with the workers")
    told.add_argument("--text", required=True, help="the answer; goes into its next prompt")
    yes = act("approve", "say yes to what it asks about; it goes on with the workers")
    yes.add_argument("--why", default="", help="one line for the others")
    no = act("reject", "say no to what it asks about; it fails")
    no.add_argument("--why", required=True, help="one line for whoever tries again")
    for made in (yes, no):
        made.add_argument("--ask", default="", metavar="NAME", help="to that alone: before_ship/2")
    given = act("budget", "what its agents may use up; a sprint parked for that goes on")
    launches = whole_number(1, MOST_LAUNCHES)
    given.add_argument("--launches", type=launches, metavar="N", help="of programs, in all")
    given.add_argument("--minutes", type=float, metavar="M", help="that programs run, in all")
    given.add_argument("--tokens", type=whole_number(1, MOST_TOKENS), metavar="N", help="in all")
    given.add_argument("--usd", type=float, metavar="X", help="in US dollars, in all")
    act("resume", "let a paused sprint go on, with the workers")
    act("cancel", "stop it; returns when nothing of it runs any more")
    undo = act("unship", "take back what it has shipped, by a sprint of its own, judged as well")
    undo.add_argument("--why", default="", help="one line for the commit and the others")
    undo.add_argument("--queue", action="store_true", help="hand it to the workers")
    plan = act("plan", "what it would do: rounds, agents, prompts, gates; nothing is begun")
    plan.add_argument("--json", action="store_true", help="an object, with every prompt")
    plan.add_argument("--prompts", action="store_true", help="also what each program is asked")
    show = act("show", "its rounds, gates and last error")
    show.add_argument("--json", action="store_true", help="exactly as in state.json")
    all_ = act("list", "all sprints that are not archived, newest first", one=False)
    all_.add_argument("--json", action="store_true", help="a JSON array")
    all_.add_argument("--status", choices=[*Sprint.Status], help="of this status alone")
    all_.add_argument("--archived", action="store_true", help="those that are archived")
    all_.add_argument("--limit", type=count, default=50, metavar="N", help="how many (50)")
