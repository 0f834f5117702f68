"""Deliver to a person's mailbox or chat: an Apprise URL, with one short message.

Apprise is an optional dependency. It runs in its own process, as a command does, because not all of
its hundred services have a timeout.
"""

import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from gates.kinds.command import environment
from gates.problem import Problem, ProblemCode
from sprints.contract.hook_spec import HookDefinition
from sprints.contract.json_types import JsonObject
from sprints.hooks.command import run
from sprints.hooks.delivery_values import DeliveryAttempt, Tick
from sprints.state.delivery_result import DeliveryResult

PROGRAM = str(Path(__file__).with_name("apprise_program.py"))
MISSING = "a notification needs Apprise; type: pip install 'studio-gateway[notify]'"


def problems(hook: HookDefinition) -> Iterator[Problem]:
    """Yield why the URL of the hook is refused."""
    if not _installed():
        yield Problem("target", ProblemCode.UNAVAILABLE, MISSING)
    elif not hook.target[0].isprintable() or not _known(hook.target[0]):
        text = "Apprise knows no service by that URL; see: https://appriseit.com"
        yield Problem("target", ProblemCode.WRONG_FORMAT, text)


def deliver(letter: DeliveryAttempt, tick: Tick) -> DeliveryResult:
    """Send the message once, within the timeout."""
    if not _installed():
        return DeliveryResult(False, MISSING)
    given = json.dumps({"url": letter.hook.target[0], **words(letter.payload)})
    argv = (sys.executable, "-I", PROGRAM)
    return run(letter, argv, environment(os.environ, {}), given, tick)


def words(payload: JsonObject) -> dict[str, str]:
    """Return a title and a body for people."""
    data = payload["data"]
    about = [data.get(key) for key in ("sprint_id", "round_id", "gate_id")]
    title = " ".join(filter(None, ("Studio Gateway:", *about)))
    return {"title": title, "body": data["message"]}


def _installed() -> bool:
    return find_spec("apprise") is not None


def _known(url: str) -> bool:
    logging.getLogger("apprise").addHandler(logging.NullHandler())  # the result reports it
    with warnings.catch_warnings(action="ignore"):
        from apprise import Apprise

        return bool(Apprise().add(url))
