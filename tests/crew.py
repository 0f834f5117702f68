"""Act as a lead that assigns two tasks, and as two agents whose first work is wrong.

Each works in the folder in which it is started.
"""

import json
import re
import sys
from pathlib import Path

SAID = re.compile(r"^ +\| calc\.py: add\(2, 3\) is (-?\d+), and not 5$", re.MULTILINE)
CALC = {
    "id": "calc",
    "agent": "agent_05",
    "title": "Add",
    "what": "Write calc.py",
    "files": ["calc.py"],
    "tests": ["python tools/gate.py"],
    "rollback": "remove calc.py",
}
REPORT = {
    "id": "report",
    "agent": "agent_06",
    "title": "Report",
    "what": "Write report.py upon calc.py",
    "files": ["report.py"],
    "after": ["calc"],
}


def lead(prompt: str) -> str:
    """The tasks, in R1 alone; such as cannot be followed where the brief says so."""
    if "Round: R1_" not in prompt:
        return ""
    tasks = [REPORT, CALC]
    returned = "Your last tasks could not be taken" in prompt
    decided = "What the human has decided" in prompt
    if ("BAD ONCE" in prompt and not returned) or ("BAD TWICE" in prompt and not decided):
        tasks = [{**REPORT, "agent": "agent_07"}, CALC]
    return f"```json\n{json.dumps({'tasks': tasks}, indent=2)}\n```\n"


def work(prompt: str) -> None:
    """The task that the prompt names, or what a gate has said of it."""
    if said := SAID.search(prompt):
        assert said[1] == "-1"
        Path("calc.py").write_text("def add(a, b):\n    return a + b\n")
    elif "Round: R3_" not in prompt:
        return
    elif "\n  Write calc.py\n" in prompt:
        Path("calc.py").write_text("def add(a, b):\n    return a - b\n")
    else:
        assert Path("calc.py").is_file(), "what comes before is not there"
        text = "from calc import add\n\n\ndef report():\n    return f'{add(2, 3)} in all'\n"
        Path("report.py").write_text(text)


def main() -> None:
    """Read the prompt, do what it asks for, reply."""
    prompt = sys.stdin.read()
    block = ""
    if prompt.startswith("You are agent_01 "):
        block = lead(prompt)
    else:
        work(prompt)
    sys.stdout.write(f"{block}Status: DONE\nDeliverables:\n- it\nQuestions:\n- None\n")


if __name__ == "__main__":
    main()
