"""Act as an agent that builds: write a wrong file first, and fix it by a failed gate's output.

It works in the folder in which it is started.
"""

import re
import sys
from pathlib import Path

WISH = re.compile(r"^Build: (\S+\.py) has (\w+)\(a, b\)$", re.MULTILINE)
SAID = re.compile(r"^ +\| (\w+)\((\d+), (\d+)\) is (-?\d+), and not (-?\d+)$", re.MULTILINE)
WAYS = {"-": lambda a, b: a - b, "+": lambda a, b: a + b, "*": lambda a, b: a * b}


def build(prompt: str) -> str:
    """Write the file that is asked for, with the first operator that comes to mind."""
    path, name = WISH.findall(prompt)[0]
    Path(path).write_text(f"def {name}(a, b):\n    return a - b\n")
    return f"DONE, {path} has {name}"


def mend(prompt: str) -> str:
    """Find the operator that gives what the gate wants to see."""
    path, _ = WISH.findall(prompt)[0]
    name, *numbers = SAID.findall(prompt)[-1]
    one, other, _, wanted = map(int, numbers)
    sign = next(sign for sign, way in WAYS.items() if way(one, other) == wanted)
    Path(path).write_text(f"def {name}(a, b):\n    return a {sign} b\n")
    return f"DONE, {name} is mended with {sign}"


def main() -> None:
    """Read the prompt, do what it asks for, reply."""
    prompt = sys.stdin.read()
    if "Failed gates (fix" in prompt:
        status = mend(prompt)
    elif "Round: R3_BUILD" in prompt:
        status = build(prompt)
    else:
        status = "DONE, nothing to build in this round"
    sys.stdout.write(f"Status: {status}\nDeliverables:\n- it\nQuestions:\n- None\n")


if __name__ == "__main__":
    main()
