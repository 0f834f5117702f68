"""Find out by which means this machine can cut programs off from the network."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress

from django.db import DatabaseError

from gates import process
from gates.network import PROGRAM
from gates.supervision import try_network
from sprints.agents.program_hosts import hosts_of, upstream
from sprints.contract.sandbox import NONE, REQUIRED
from sprints.models import Agent

TRY_S = 30.0
FIX = "allow user namespaces: sysctl -w user.max_user_namespaces=15000, or use Linux 6.7 or newer"


def judged(mode: str) -> tuple[str, str, str]:
    """Return a doctor's finding for a setting of the sandbox: ok, warn or bad; its text; the fix.

    Raises ``OSError`` if nothing can be started.
    """
    if mode == NONE:
        again = "studio-gateway config set confinement auto"
        return "warn", "the network of agents and gates has no limits, as config.json says", again
    means = _means() if sys.platform == "linux" else {}
    works = [how for how, fault in means.items() if not fault]
    faults = ", ".join(f"{how}: {fault}" for how, fault in means.items() if fault)
    if not works:
        level = "bad" if mode == REQUIRED else "warn"
        why = faults or "only Linux can"
        return level, f"no program can be cut off from the network ({why})", FIX
    free = "".join(f"; {text}" for text in unlimited())
    if faults:
        text = f"the network is cut off by {works[0]} alone ({faults}): UDP stays open{free}"
        return "warn", text, FIX
    return "ok", f"the network is cut off by {works[0]}{free}", ""


def unlimited() -> Iterator[str]:
    """Return why agents reach everything although they should reach what their program needs."""
    limited = []
    with suppress(DatabaseError):  # another check says so
        rows = Agent.objects.exclude(command=[])
        limited = [row.definition for row in rows if PROGRAM in row.definition.network]
    if limited and (name := upstream(os.environ)):
        yield f"agents reach everything, because {name} names a proxy that a list of hosts cuts off"
        return
    unknown = ", ".join(one.agent_id for one in limited if hosts_of(one.command) is None)
    if unknown:
        yield f"{unknown}: without limits, because the command names no known program"


def _means() -> dict[str, str]:
    """Return each means, and why it does not work; empty if it works."""
    said = process.run_short([sys.executable, "-I", "-S", try_network.__file__], timeout_s=TRY_S)
    lines = said.out.decode("utf-8", "replace").splitlines()
    return dict(line.partition(" ")[::2] for line in lines)
