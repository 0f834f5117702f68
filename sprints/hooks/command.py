"""Deliver to a command: the payload on standard input, its subject in ``STUDIO_*`` variables."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from gates import process
from gates.command_line import joining
from gates.definition import is_text
from gates.kinds.command import environment, resolve
from gates.problem import Problem, ProblemCode
from gates.untrusted_file import open_regular
from sprints.contract.hook_spec import HookDefinition
from sprints.hooks.delivery_values import DeliveryAttempt, Tick, head
from sprints.models.event import HOOK_DEPTH
from sprints.state.delivery_result import OUTPUT_CHARACTERS, DeliveryResult
from sprints.state.messages import message

GRACE_S = 2.0
CAP_BYTES = 1 << 20

# The variables of a command, and their keys in the payload's data.
ABOUT = {
    "STUDIO_SPRINT_ID": "sprint_id",
    "STUDIO_ROUND_ID": "round_id",
    "STUDIO_GATE_ID": "gate_id",
    "STUDIO_EXIT_CODE": "exit_code",
}


def problems(hook: HookDefinition) -> Iterator[Problem]:
    """Yield why the argv of the hook is refused."""
    if not hook.target or not hook.target[0].strip():
        yield Problem("target", ProblemCode.REQUIRED, "the command is empty")
    if not all(is_text(word) for word in hook.target):
        text = "the command must be a list of UTF-8 texts without NUL"
        yield Problem("target", ProblemCode.WRONG_FORMAT, text)
    if text := joining(hook.target):
        yield Problem("target", ProblemCode.WRONG_FORMAT, text)


def deliver(letter: DeliveryAttempt, tick: Tick) -> DeliveryResult:
    """Run the command to its end; exit code 0 means delivered."""
    env = environment(os.environ, about(letter))
    return run(letter, resolve(letter.hook.target, env.get("PATH")), env, letter.text, tick)


def about(letter: DeliveryAttempt) -> dict[str, str]:
    """Return the variables that describe the delivery; unknown values are empty."""
    data = letter.payload["data"]
    found = {name: data.get(key) for name, key in ABOUT.items()}
    return {
        **{name: "" if value is None else str(value) for name, value in found.items()},
        "STUDIO_HOOK_POINT": letter.payload["type"],
        "STUDIO_DELIVERY_ID": letter.delivery_id,
        "STUDIO_EVENT_SEQ": str(letter.payload["seq"] or ""),
        HOOK_DEPTH: "1",
    }


def run(
    letter: DeliveryAttempt, argv: tuple[str, ...], env: Mapping[str, str], given: str, tick: Tick
) -> DeliveryResult:
    """Run ``argv`` with ``given`` on its standard input.

    If an earlier process has run the command to its end, return that result instead.
    """
    if letter.before and (done := process.recover(letter.folder, letter.before)):
        return answer(done, letter.folder)
    stdin = letter.folder / "stdin.json"
    try:
        letter.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stdin.write_text(given, "utf-8")
    except OSError as exc:
        return DeliveryResult(False, message("outcome.no_input_file", error=exc.strerror))
    spec = process.Spec(
        argv=argv,
        cwd=letter.repo,
        env=env,
        run_dir=letter.folder,
        run_id=letter.token,
        token=letter.token,
        timeout_s=letter.hook.timeout_s,
        grace_s=GRACE_S,
        cap_bytes=CAP_BYTES,
        stdin=stdin,
        not_after=letter.not_after,
    )
    return answer(process.run(spec, tick=tick), letter.folder)


def answer(done: process.Completed, folder: Path) -> DeliveryResult:
    """Return the result of the delivery for the command's end."""
    printed = b"".join(_head(folder / name) for name in ("stdout.txt", "stderr.txt"))
    return DeliveryResult(
        delivered=done.ending == "exited" and done.exit_code == 0,
        reason=done.reason,
        duration_s=done.duration_s,
        exit_code=done.exit_code,
        output=head(printed),
        stopped=done.ending == "stopped",
        cause=done.cause,
    )


def _head(path: Path) -> bytes:
    """Return the beginning of an untrusted file."""
    try:
        with open_regular(path) as file:
            return file.read(OUTPUT_CHARACTERS // 2)
    except OSError:
        return b""
