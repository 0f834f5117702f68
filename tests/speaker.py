"""Act as an agent command: read the prompt and reply in the way that the first argument names."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

REPLY = """\
Status: DONE, {0} characters read
Deliverables:
- one thing
Questions:
- {1}
Next actions:
- the next thing
"""


def say(text: str) -> None:
    """Print it at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


def reply(question: str = "None") -> None:
    """Read the prompt, note it, answer."""
    prompt = Path(sys.argv[2]).read_text() if len(sys.argv) > 2 else sys.stdin.read()
    with Path("prompts").open("a") as file:
        file.write(prompt + "\n=====\n")
    say(REPLY.format(len(prompt), question))


def hang(seconds: float = 300) -> None:
    """Do nothing for long."""
    Path("hangs").touch()
    time.sleep(seconds)


def daemon() -> None:
    """Reply, and leave somebody behind who holds our outputs."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            hang()
        os._exit(0)
    reply()


def flood() -> None:
    """Print for ever."""
    while True:
        sys.stdout.write("more and more\n" * 10_000)


def stubborn() -> None:
    """Heed no SIGTERM, and have a child that does not either."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen(["sleep", "300"])
    hang()


def busy() -> None:
    """Print nothing, but compute."""
    end = time.monotonic() + 4
    while time.monotonic() < end:
        pass
    reply()


def first_time() -> None:
    """Hang the first time that anybody asks, reply after that."""
    if Path("hangs").exists():
        reply()
    else:
        hang()


def directional(question: str = "DIRECTIONAL: red or blue?") -> None:
    """Ask the human, until the answer stands in the prompt."""
    prompt = sys.stdin.read()
    with Path("prompts").open("a") as file:
        file.write(prompt + "\n=====\n")
    wanted = "None" if "What the human has decided" in prompt else question
    say(REPLY.format(len(prompt), wanted))


def ask_on_stdin() -> None:
    """Read the prompt, then ask for more."""
    sys.stdin.read()
    say("Continue? [y/N] ")
    raise SystemExit(0 if input() == "y" else 1)


def exits3() -> None:
    """Fail, with a word why."""
    sys.stderr.write("no good\n")
    sys.exit(3)


def environment() -> None:
    """Note the names in our environment."""
    Path("seen").write_text("\n".join(os.environ))
    reply()


def strays() -> None:
    """Reply, and write into the repository and beside the clone."""
    Path(os.environ["GATEWAY_TEST_REPO"], "README.md").write_text("mine")
    Path("..", "loot").touch()
    reply()


PART = '{"cost": 0.25, "tokens": {"input": 500, "output": 100}}'
STEP = f'{{"type": "step_finish", "sessionID": "ses_1", "part": {PART}}}\n'


def spends() -> None:
    """Tell what each of two steps has used, and reply, as JSON."""
    prompt = sys.stdin.read()
    text = json.dumps(REPLY.format(len(prompt), "None"))
    say(STEP * 2 + f'{{"type": "text", "part": {{"text": {text}}}}}\n')


def overspends() -> None:
    """The first time, use more and more and never end; after that, ``spends``."""
    if Path("hangs").exists():
        return spends()
    Path("hangs").touch()
    while True:
        say(STEP)
        time.sleep(0.2)


WAYS: dict[str, Callable[[], object]] = {
    "replies": reply,
    "exits3": exits3,
    "hangs": hang,
    "floods": flood,
    "daemon": daemon,
    "binary": lambda: sys.stdout.buffer.write(bytes(range(256)) * 50),
    "asks": ask_on_stdin,
    "stubborn": stubborn,
    "empty": lambda: None,
    "strays": strays,
    "chatters": lambda: say("I have thought about it.\n"),
    "busy": busy,
    "first_time": first_time,
    "directional": directional,
    "offers": lambda: directional("DIRECTIONAL: which colour? [red | blue]"),
    "asks_twice": lambda: directional("DIRECTIONAL: why?\n- DIRECTIONAL: when? [now | later]"),
    "kills_itself": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "environment": environment,
    "echoes": lambda: say(sys.stdin.read()),
    "spends": spends,
    "overspends": overspends,
    "json": lambda: say(
        '{"type": "system"}\n{"type": "result", "result": "Status: DONE\\nQuestions:\\n- None"}'
    ),
}

if __name__ == "__main__":
    WAYS[sys.argv[1]]()
