"""Write docs/configuration.md from the tables of the code."""

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

For people who change how the gateway works. Everything has a default, so you need to set nothing.
`python tools/configuration.py` writes this page from the code, and a test compares the two.

## Environment variables

A process reads these variables when it starts. Gates and agents do not get `DATABASE_URL` and
`STUDIO_GATEWAY_*`, and secrets in them never appear in logs ([Security](security.md#secrets)).

{variables}

## Settings in config.json

`init` creates `.studio_gateway/config.json` with mode 0600. Change a setting with `config set`, on
the page *Settings* in `/admin/` or with `POST /api/config`. An event records each change with its
user. The gateway reads the file again at each use, so a change takes effect at the next step. Some
settings are frozen in the contract of a sprint when it starts. Unknown keys stay in the file.

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

Gates, hooks, agents, schedules, users and tokens are rows of the database, not settings. The
commands `gate`, `hook`, `agent`, `schedule`, `user` and `token` change them.

## Sprint settings

Each sprint has settings of its own, in the field `meta`. Set them with one of these:

- `sprint create ID --set KEY=VALUE` or `sprint edit ID --set KEY=VALUE`
- `POST /api/sprints/ID` with `{{"meta": {{…}}}}`
- the sprint's page, for some of them

The value null removes a key. The gateway refuses wrong values, and keeps unknown keys. `--set`
refuses an unknown key that looks like a misspelled setting, and names the setting.

A *frozen* setting becomes part of the contract when the sprint starts. It cannot change while the
sprint runs; `sprint retry` uses the new value.

```console
$ studio-gateway sprint create wk1 --set fix_attempts=3 --set 'active_agents=["agent_04"]'
$ studio-gateway sprint edit wk1 --set fix_attempts=21   # exit 2
error: fix_attempts must be a whole number from 0 to 20
```

{keys}

Only the gateway writes these keys:

{ours}

## Rounds

{rounds}

Agent 01 leads every round, after the agents that acknowledge it. The setting `round_deadline` says
what happens when the minutes are over.
"""


def text() -> str:
    """Return the page; Django is set up."""
    from gateway_project.variables import VARIABLES
    from sprints.contract.meta import FROZEN, OURS
    from sprints.contract.meta_reference import KEYS, UNKNOWN
    from sprints.contract.rounds import GATED, ROUNDS
    from sprints.store.config import RULES
    from sprints.store.config_values import MEANINGS, ConfigValues

    defaults = {key: f"`{json.dumps(value)}`" for key, value in asdict(ConfigValues()).items()}
    known = dict.fromkeys(sorted(FROZEN | OURS), UNKNOWN)
    known = KEYS | {key: one for key, one in known.items() if key not in KEYS}
    return PAGE.format(
        variables=table(
            ("variable", "default", "meaning"),
            ((f"`{one.name}`", one.without, one.meaning) for one in VARIABLES),
        ),
        port=RULES["port"][0],
        switches=table(
            ("setting", "value", "default", "meaning"),
            (
                (f"`{key}`", rule, defaults.get(key, ""), MEANINGS.get(key, ""))
                for key, (rule, _) in RULES.items()
            ),
        ),
        keys=table(
            ("setting", "value", "default", "meaning", "frozen"),
            (
                (f"`{key}`", one.holds, one.without, one.meaning, "frozen" * (key in FROZEN))
                for key, one in known.items()
                if key not in OURS
            ),
        ),
        ours=table(
            ("key", "meaning"),
            ((f"`{key}`", one.meaning) for key, one in known.items() if key in OURS),
        ),
        rounds=table(
            ("round", "minutes", "acknowledged by", "default gate runs"),
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
    """Return a table in Markdown."""
    return "\n".join(_lines([head, ("---",) * len(head), *rows]))


def _lines(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def main() -> int:
    """Write the file; return the exit code."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
    import django

    django.setup()
    FILE.write_text(text(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
