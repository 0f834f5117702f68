"""Answer for the agents of the store's sprints, as the brief says: "Do: WAY".

It works in the folder in which it is started, and counts its launches in files elsewhere.
"""

import json
import os
import re
import sys
import time
from pathlib import Path

COUNTS = Path(os.environ["GOLDEN_COUNTS"])
CALC = {
    "id": "calc",
    "agent": "agent_05",
    "title": "Add",
    "what": "Write calc.py",
    "files": ["calc.py"],
    "tests": ["python3 tools/gate.py"],
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
RIGHT, WRONG = "a + b", "a - b"


def count(name: str) -> int:
    """How often it was called with that name, this time included."""
    path = COUNTS / name
    number = int(path.read_text()) + 1 if path.exists() else 1
    path.write_text(str(number))
    return number


def calc(body: str) -> None:
    """Write calc.py."""
    Path("calc.py").write_text(f"def add(a, b):\n    return {body}\n")


def reply(status: str, question: str = "None", block: str = "") -> None:
    """Print the four parts."""
    sys.stdout.write(
        f"{block}Status: {status}\nDeliverables:\n- calc.py\nQuestions:\n- {question}\n"
        "Next actions:\n- the gates\n"
    )


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


def crew(prompt: str) -> None:
    """A lead that gives out two tasks, and two that do them, wrong at first."""
    block = ""
    if prompt.startswith("You are agent_01 "):
        block = lead(prompt)
    elif re.search(r"\| calc\.py: add\(2, 3\) is -1", prompt):
        calc(RIGHT)
    elif "Round: R3_" in prompt and "\n  Write calc.py\n" in prompt:
        calc(WRONG)
    elif "Round: R3_" in prompt:
        text = "from calc import add\n\n\ndef report():\n    return f'{add(2, 3)} in all'\n"
        Path("report.py").write_text(text)
    reply("DONE", block=block)


def stream(text: str, prompt: str) -> None:
    """Tell what two steps have used, and reply, as JSON."""
    part = '{"cost": 0.25, "tokens": {"input": 500, "output": 100}}'
    step = f'{{"type": "step_finish", "sessionID": "ses_1", "part": {part}}}\n'
    text = json.dumps(
        f"Status: {text}, {len(prompt)} read\nDeliverables:\n- None\nQuestions:\n- None"
    )
    sys.stdout.write(step * 2 + f'{{"type": "text", "part": {{"text": {text}}}}}\n')


def record(denied: bool) -> None:
    """Reply as a program does that prints one record at its end, with its session and its use."""
    session = (
        sys.argv[sys.argv.index("--session-id") + 1] if "--session-id" in sys.argv else "known"
    )
    told = {
        "type": "result",
        "result": "Status: DONE\nDeliverables:\n- calc.py\nQuestions:\n- None\n",
        "session_id": session,
        "usage": {"input_tokens": 500, "output_tokens": 100, "cache_read_input_tokens": 50},
        "total_cost_usd": 0.01,
        "permission_denials": [{"tool_name": "WebFetch"}] if denied else [],
    }
    sys.stdout.write(json.dumps(told) + "\n")


def main() -> None:
    """Read the prompt, do what the brief asks for, reply."""
    prompt = sys.stdin.read()
    way = re.findall(r"Do: (\w+)", prompt)[0]
    building, fixing = "Round: R3_" in prompt, "What the gates said" in prompt
    if way == "crew":
        return crew(prompt)
    if way in ("spend", "overspend"):
        if way == "overspend" and count("overspend") == 1:
            while True:
                stream("DONE", prompt)
                sys.stdout.flush()
                time.sleep(0.2)
        return stream("DONE", prompt)
    if way == "record":
        if building:
            calc(RIGHT if fixing else WRONG)
        return record(denied=building)
    if way == "ask" and "What the human has decided" not in prompt:
        return reply("BLOCKED", "DIRECTIONAL: red or blue? [red | blue]")
    if way == "fail" and count("fail") == 1:
        sys.stderr.write("no good\n")
        sys.exit(3)
    if way == "sleep" and count("sleep") == 1:
        time.sleep(300)
    if way == "linger":
        time.sleep(300)
    if not building or way in ("idle", "ask", "fail", "sleep"):
        return reply("DONE, nothing to build in this round")
    if way == "mend":
        calc(RIGHT if fixing else WRONG)
    elif way == "stuck":
        if not fixing:
            calc(WRONG)
    elif way == "wander":
        calc(f"{WRONG} - {count('wander')}")
    elif way == "return":
        number = count("return")
        calc(WRONG if number % 2 else f"{WRONG} - 1")
    elif way == "cheat":
        Path("tests").mkdir(exist_ok=True)
        Path("tests/test_calc.py").write_text(f"print('all is well')  # {count('cheat')}\n")
        calc(RIGHT)
    elif way == "build":
        calc(RIGHT)
        Path("notes.txt").write_text(f"{re.findall(r'Word: (.*)', prompt)[0]}\n")
    return reply(f"DONE, {way}")


if __name__ == "__main__":
    main()
