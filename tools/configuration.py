"""Write docs/configuration.md anew, from the tables of the code."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "configuration.md"

PAGE = """\
# Configuration

Nothing has to be set. This page is made from the tables of the code by `python
tools/configuration.py`; a test fails where it is not of this code.

## Environment

Read when a process starts. Whatever is named like a secret is kept from gates, agents and logs
([security](security.md)).

{variables}

## config.json

In `.studio_gateway/`, mode 0600, made by `init`. It is read again at each use, so a switch counts
from the next step on, but for what is frozen when a sprint is started. `config set KEY VALUE`,
the page *Switches* in `/admin/` and `POST /api/config` turn one, with an event that says who.
Unknown keys are kept.

```console
$ studio-gateway config set max_concurrent_global 2
max_concurrent_global is 2
$ studio-gateway config list
agent_launches = 40
…
max_concurrent_global = 2
…
$ studio-gateway config set port 0   # exit 2
error: port must be {port}
```

{switches}

Gates, hooks, agents, schedules, users and tokens are rows of the database, not settings: `gate`,
`hook`, `agent`, `schedule`, `user` and `token` show and change them.

## A sprint's meta

`sprint create --set KEY=VALUE`, `sprint edit ID --set KEY=VALUE` and `POST /api/sprints/ID` with
`{{"meta": {{…}}}}` set any, a sprint's page some; null removes one. A value that cannot be taken is
refused with the reason, and a key that is not named here is kept as it is. What is *frozen* becomes
part of the contract when the sprint is started: while it runs it cannot be changed, and a
`sprint retry` takes it as it is then.

```console
$ studio-gateway sprint create wk1 --set fix_attempts=3 --set 'active_agents=["agent_04"]'
$ studio-gateway sprint edit wk1 --set fix_attempts=21   # exit 2
error: fix_attempts must be a whole number from 0 to 20
```

{keys}

Written by the gateway alone, for you to read:

{ours}

## The rounds

{rounds}

Minutes bind as `round_deadline` says. Agent 01 leads every round, after those who acknowledge.
"""


def text() -> str:
    """The page as the file has it; Django is set up."""
    from gateway_project.variables import VARIABLES
    from sprints.contract.meta import FROZEN, OURS
    from sprints.contract.meta_reference import KEYS, UNKNOWN
    from sprints.contract.rounds import GATED, ROUNDS
    from sprints.store.config import RULES
    from sprints.store.config_values import MEANINGS, Switches

    defaults = {key: f"`{json.dumps(value)}`" for key, value in asdict(Switches()).items()}
    known = dict.fromkeys(sorted(FROZEN | OURS), UNKNOWN)
    known = KEYS | {key: one for key, one in known.items() if key not in KEYS}
    return PAGE.format(
        variables=table(
            ("variable", "without it", "what it is"),
            ((f"`{one.name}`", one.without, one.meaning) for one in VARIABLES),
        ),
        port=RULES["port"][0],
        switches=table(
            ("key", "what it may be", "without it", "what it is"),
            (
                (f"`{key}`", rule, defaults.get(key, ""), MEANINGS.get(key, ""))
                for key, (rule, _) in RULES.items()
            ),
        ),
        keys=table(
            ("key", "what it may be", "without it", "what it is", ""),
            (
                (f"`{key}`", one.holds, one.without, one.meaning, "frozen" * (key in FROZEN))
                for key, one in known.items()
                if key not in OURS
            ),
        ),
        ours=table(
            ("key", "what it is"),
            ((f"`{key}`", one.meaning) for key, one in known.items() if key in OURS),
        ),
        rounds=table(
            ("round", "minutes", "acknowledged by", "the default gate runs"),
            (
                (
                    f"`{spec.code}`",
                    f"{spec.min_minutes:g} to {spec.max_minutes:g}",
                    ", ".join(spec.acks),
                    "yes" if spec.code in GATED else "",
                )
                for spec in ROUNDS
            ),
        ),
    )


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    return "\n".join(_lines([head, ("---",) * len(head), *rows]))


def _lines(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def main() -> int:
    """Write the file; returns the exit code."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
    import django

    django.setup()
    FILE.write_text(text(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
