"""Make the golden store v0 with the gateway that is installed as COMMAND: make.py COMMAND TARGET.

Every sprint here is run for real, by commands as a user types them. Run it against commit c330aa9:
later versions write another store. It works in /srv/studio-v0, which must not exist.
"""

import json
import lzma
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tarfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
WORLD = Path("/srv/studio-v0")  # the store's events name it: artifacts have absolute paths
REPO, COUNTS, ORIGIN = WORLD / "repo", WORLD / "counts", WORLD / "origin.git"
STORE = ".studio_gateway"
OTHER = HERE.parent / "synthetic_all_enums"  # a documented store, with every status
LEAD, ADD, REPORT = "agent_01", "agent_05", "agent_06"
R0, R3, R5 = "R0_SETUP", "R3_BUILD_A_INTEGRATE", "R5_RELEASE_CANDIDATE"
GATE = "qa_smoke_quick"
RAN, FAILED, REFUSED, BLOCKED = 0, 1, 2, 3
KILLED, HANDED_BACK = -signal.SIGKILL, 143
CALC = "python3 -B tools/gate.py"


class Gateway:
    """The command, in one repository."""

    def __init__(self, command: str, repo: Path) -> None:
        self.command, self.repo = command, repo

    def __call__(self, *argv: str, ends: int = RAN, says: str = "", **env: str) -> str:
        """Run it, and insist on how it ends; returns what it printed."""
        done = subprocess.run(
            [self.command, *argv],
            cwd=self.repo,
            env=environment() | env,
            input=says,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        print(f"{' '.join(argv)[:90]} -> {done.returncode}", flush=True)
        if done.returncode != ends:
            sys.exit(f"{argv} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def begin(self, *argv: str) -> subprocess.Popen[bytes]:
        """Start it, and leave it running."""
        log = (WORLD / "log").open("ab")
        return subprocess.Popen(
            [self.command, *argv],
            cwd=self.repo,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    @property
    def store(self) -> Path:
        """Its folder."""
        return self.repo / STORE

    def events(self, sprint: str | None = None) -> list[dict[str, Any]]:
        """All, or those of a sprint."""
        lines = (self.store / "events.jsonl").read_text().splitlines()
        found = [json.loads(line) for line in lines]
        return [one for one in found if sprint in (None, one["sprint_id"])]

    def sprint(self, name: str) -> dict[str, Any]:
        """The sprint as state.json has it."""
        state = json.loads((self.store / "state.json").read_text())
        found: dict[str, Any] = state["sprints"][name]
        return found

    def create(self, name: str, *options: str, do: str = "", **meta: object) -> None:
        """A sprint; ``do`` is what its agents are to do."""
        brief = WORLD / "brief"
        brief.write_text(f"A calculator: add(2, 3) is 5.\n{do and f'Do: {do}'}\n")
        sets = [f"--set={key}={json.dumps(value)}" for key, value in meta.items()]
        title = name.replace("_", " ").capitalize()
        self(
            "sprint", "create", name, "--title", title, "--brief-file", str(brief), *options, *sets
        )

    def run(self, name: str, *options: str, ends: int = RAN, do: str = "", **meta: object) -> None:
        """A sprint, carried as far as it goes."""
        self.create(name, *options, do=do, **meta)
        self("sprint", "run", name, ends=ends)

    def on(self, name: str, ends: int = RAN, **env: str) -> None:
        """Carry a sprint on."""
        self("sprint", "run", name, ends=ends, **env)

    def gate(self, command: str, *options: str, gate: str = GATE) -> None:
        """Let the gate be that command."""
        self("gate", "set", gate, "--command", command, *options)

    def sql(self, text: str, *values: object) -> None:
        """What no command does: have a time come, or a row be damaged."""
        with closing(sqlite3.connect(self.store / "gateway.sqlite3", timeout=15)) as database:
            database.execute(text, values)
            database.commit()


def environment() -> dict[str, str]:
    """What a command is started with: as a person who is called ada."""
    env = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "TMPDIR")}
    who = {"LOGNAME": "ada", "USER": "ada", "HOME": str(WORLD / "home"), "TZ": "UTC"}
    return env | who | {"PATH": f"{WORLD}/bin:{env['PATH']}"}


def wait(holds: Callable[[], object], seconds: float = 60) -> None:
    """Look until it holds."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            sys.exit(f"it never holds: {holds}")
        time.sleep(0.05)


def stop(running: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
    """End what was begun; returns how."""
    os.kill(running.pid, number)
    return running.wait(timeout=60)


def git(*argv: str, repo: Path = REPO) -> str:
    """Git, as the user of the repository."""
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    argv = ("git", *who, *argv)
    done = subprocess.run(argv, cwd=repo, env=environment(), capture_output=True, check=True)
    return done.stdout.decode().strip()


def commit(files: dict[str, str], message: str) -> None:
    """Commit these files of the repository."""
    for name, text in files.items():
        (REPO / name).parent.mkdir(exist_ok=True)
        (REPO / name).write_text(text)
    git("add", "--", *files)
    git("commit", "-qm", message)


def has(gateway: Gateway, sprint: str | None, kind: str, words: str = "") -> bool:
    """Whether such an event is on record."""
    found = gateway.events(sprint)
    return any(one["kind"] == kind and words in one["message"] for one in found)


def imports(command: str) -> None:
    """A gateway that imports a documented store, and whose store ours imports."""
    documented = WORLD / "documented" / STORE
    shutil.copytree(OTHER, documented)
    (documented / "events.jsonl").open("a").write("no event\n")
    state = json.loads((documented / "state.json").read_text())
    (documented / "state.json").write_text(json.dumps(state | {"studio": "kept"}, indent=2))
    (documented / "config.json").write_text('{"auth_token": "x", "gate_profile": "full"}')
    first = Gateway(command, WORLD / "first")
    (first.repo / ".git").mkdir(parents=True)
    first("init")
    first("import", str(documented))
    first("sprint", "run", "x_created", ends=FAILED)  # there is no such gate here
    first.gate("true")
    first("sprint", "retry", "x_failed")
    first("sprint", "cancel", "x_running")
    first("config", "set", "gate_profile", "quick")
    first.run("early")
    first.run("early_archived")
    first("archive", "early_archived")
    first.create("carried_over")
    first("sprint", "step", "carried_over")
    first("schedule", "add", "monthly", "--cron", "0 4 1 * *", "--zone", "UTC")
    first("schedule", "off", "monthly")
    first("migrate", "sprints", "0014")
    first("upgrade")
    first("export", "--out", str(WORLD / "first.tar.gz"))


def settings(ours: Gateway) -> None:
    """Gates, agents, hooks, users, tokens, schedules."""
    ours("config", "set", "agent_minutes", "120")
    ours("config", "set", "confine_paths", json.dumps([str(COUNTS)]))
    ours("gate", "add", "lint", "--title", "Lint", "--command", "sh -c 'echo no; exit 2'",
         "--rounds", "R3", "--advisory")  # fmt: skip
    ours("gate", "add", "gone", "--command", "true", "--off")
    ours("gate", "remove", "gone")
    ours("agent", "set", "agent_02", "--title", "Director", "--mission", "Keep it small")
    (WORLD / "agents.toml").write_text(ours("agent", "export"))
    ours("agent", "import", str(WORLD / "agents.toml"))
    ours("user", "add", "ben", "--role", "operator", says="a-pass-word-of-ben\n")
    ours("user", "role", "ben", "viewer")
    ours("user", "disable", "ben")
    ours("user", "enable", "ben")
    ours("token", "create", "--name", "robot", "--user", "ben")
    key = ours("token", "create", "--name", "night", "--expires", "90d").split("_")[1]
    ours("token", "rotate", key)
    last = ours("token", "create", "--name", "old").split("_")[1]
    ours("token", "revoke", last)
    for act in (("add", "weekly", "--cron", "0 2 * * 1", "--zone", "UTC", "--title", "Weekly"),
                ("set", "weekly", "--cron", "0 3 * * 1"), ("off", "weekly"), ("on", "weekly"),
                ("add", "gone", "--cron", "0 5 * * *"), ("remove", "gone")):  # fmt: skip
        ours("schedule", *act)


def gates(ours: Gateway) -> None:
    """Scripted agents, and gates that say this and that."""
    ours("sprint", "run", "carried_over")  # to its end, where it holds after a step
    ours.gate("true", "--timeout", "60", "--grace", "5")
    ours.run("succeeded")
    ours.gate("sh -c 'echo calc.py:1: no good; exit 3'")
    ours.run("failed_at_r3", ends=FAILED)
    ours.run("retried", ends=FAILED)
    ours.gate("true")
    ours("sprint", "retry", "retried")
    ours("gate", "add", "release", "--command", "sh -c 'exit 4'", "--rounds", "R5")
    ours.run("failed_at_r5", ends=FAILED)
    ours.run("full_profile", "--profile", "full", "--gates-at-once", "2", ends=FAILED)
    ours("gate", "remove", "release")
    for name, command in (("no_such_gate", "no-such-program"), ("gate_timed_out", "sleep 30"),
                          ("gate_killed", "sh -c 'kill -9 $$'"),
                          ("gate_too_loud", "yes")):  # fmt: skip
        ours.gate(command, "--timeout", "3", "--grace", "1", "--cap", "2000")
        ours.run(name, ends=FAILED)
    ours.gate("true", "--timeout", "60", "--cap", "1000000")

    ours.gate("sleep 1")
    ours.create("gate_interrupted")
    ours.on("gate_interrupted", ends=KILLED, STUDIO_FAULT="gate_mid_output:1:sigkill")
    ours.on("gate_interrupted")
    ours.create("gate_ends_gateways")
    for _ in range(5):
        ours.on("gate_ends_gateways", ends=KILLED, STUDIO_FAULT="gate_mid_output:1:sigkill")
    ours.on("gate_ends_gateways", ends=FAILED)
    ours.gate("sleep 60")
    ours.create("handed_back")
    running = ours.begin("sprint", "run", "handed_back")
    wait(lambda: has(ours, "handed_back", "gate_started"))
    assert stop(running) == HANDED_BACK
    ours.gate("true")  # the contract is frozen, and has the old one
    ours("sprint", "cancel", "handed_back")


def operators(ours: Gateway) -> None:
    """What a person does to a sprint."""
    ours.create("cancelled_before_its_start")
    ours("sprint", "cancel", "cancelled_before_its_start")
    ours.gate("sleep 60")
    ours.create("cancelled_while_it_ran")
    running = ours.begin("sprint", "run", "cancelled_while_it_ran")
    wait(lambda: has(ours, "cancelled_while_it_ran", "gate_started"))
    ours("sprint", "cancel", "cancelled_while_it_ran")
    running.wait(timeout=60)
    ours.gate("true")
    ours.create("retried_after_cancel", round_minutes={R0: [0, 0]})
    ours("sprint", "step", "retried_after_cancel")
    ours("sprint", "cancel", "retried_after_cancel")
    ours("sprint", "retry", "retried_after_cancel")

    ours.create("paused")
    ours("sprint", "pause", "paused", "--why", "the build machine is hot")
    ours("sprint", "resume", "paused")
    ours("sprint", "step", "paused")
    ours("sprint", "pause", "paused")
    ours("sprint", "pause", "paused", ends=REFUSED)
    ours.on("paused", ends=BLOCKED)
    ours("sprint", "resume", "paused")
    ours.on("paused")
    ours.create("stays_paused")
    ours("sprint", "step", "stays_paused")
    ours("sprint", "pause", "stays_paused", "--why", "for good")
    ours.create("stepped_here")
    ours("sprint", "step", "stepped_here")
    ours("sprint", "step", "stepped_here")
    ours.create("edited")
    ours("sprint", "edit", "edited", "--title", "Another title", "--set", 'mine={"a": 1}')
    ours("sprint", "edit", "edited", "--set", "automation_paused=true")
    ours("sprint", "edit", "edited", "--set", "automation_paused=false", "--set", "mine=null")
    ours.create("created")
    ours.run("archived")
    ours("archive", "archived")
    ours.run("restored")
    ours("archive", "restored")
    ours("archive", "--restore", "restored")

    ours.run("deadline_warned", round_minutes={R0: [0, 0]})
    ours.run("deadline_stopped", "--deadline", "stop", round_minutes={R0: [0, 0]}, ends=FAILED)
    ours.gate("sh -c 'exit 3'")
    ours.run("warned_and_retried", round_minutes={R3: [0, 0]}, ends=FAILED)
    ours.gate("true")
    ours("sprint", "retry", "warned_and_retried")


def approvals(ours: Gateway) -> None:
    """What is asked of a person before anything is built."""
    for name in ("approved", "rejected", "approval_retried"):
        ours.run(name, "--approve", "before_build", ends=BLOCKED)
    ours("sprint", "approve", "approved", "--why", "a good plan")
    ours.on("approved")
    ours("sprint", "reject", "rejected", "--why", "too much")
    ours("sprint", "reject", "approval_retried", "--why", "not yet")
    ours("sprint", "retry", "approval_retried", ends=BLOCKED)
    ours("sprint", "approve", "approval_retried")
    ours.on("approval_retried")
    ours.run("waits_for_approval", "--approve", "before_build", approval_hours=8784, ends=BLOCKED)
    ours.run("approval_expired", "--approve", "before_build", approval_hours=0.0001, ends=BLOCKED)
    ours.run("approval_overdue", "--approve", "before_build", approval_hours=0.0001,
             approval_default="wait", ends=BLOCKED)  # fmt: skip


def hooks(ours: Gateway) -> None:
    """Who is told, and who has to say yes."""
    say = "sh -c 'cat > /dev/null; echo heard'"
    ours("hook", "add", "told", "--on", "sprint_start,round_done", "--command", say)
    ours("hook", "add", "deaf", "--on", "sprint_start", "--command", "sh -c 'exit 4'",
         "--tries", "1")  # fmt: skip
    ours("hook", "add", "web", "--on", "sprint_start", "--url", "http://127.0.0.1:9/hook",
         "--allow-private", "--tries", "1")  # fmt: skip
    ours("hook", "test", "told")
    ours("hook", "test", "web", ends=FAILED)
    child = f"{ours.command} sprint"
    starts = f"{child} create told_by_a_hook && {child} run told_by_a_hook --queue"
    ours("hook", "add", "starts", "--on", "sprint_start", "--tries", "1", "--command",
         f"sh -c 'cat > /dev/null; {starts}'")  # fmt: skip
    ours.run("hooks_told")
    ours("hook", "set", "told", "--timeout", "5", "--disable")
    ours("hook", "set", "deaf", "--disable")
    ours("hook", "set", "web", "--disable")
    ours("hook", "remove", "starts")

    ours("hook", "add", "guard", "--on", "gate_done", "--command", say, "--blocking")
    ours.run("guarded")
    ours("hook", "set", "guard", "--command", "sh -c 'exit 7'", "--tries", "2", "--backoff", "0.1")
    ours.run("hook_said_no", ends=BLOCKED)
    ours.run("hook_said_no_and_retried", ends=BLOCKED)
    ours.run("cancelled_while_blocked", ends=BLOCKED)
    ours("sprint", "cancel", "cancelled_while_blocked")
    ours("hook", "set", "guard", "--command", say)
    ours("sprint", "retry", "hook_said_no_and_retried")
    ours.create("hook_interrupted")
    ours.on("hook_interrupted", ends=KILLED, STUDIO_FAULT="hook_spawned:1:sigkill")
    ours.on("hook_interrupted")
    ours.create("hook_ends_gateways")
    for _ in range(5):
        ours.on("hook_ends_gateways", ends=KILLED, STUDIO_FAULT="hook_spawned:1:sigkill")
    ours.on("hook_ends_gateways", ends=BLOCKED)
    ours("hook", "set", "guard", "--command", "sleep 60", "--timeout", "60")
    ours.create("cancelled_at_a_hook")
    running = ours.begin("sprint", "run", "cancelled_at_a_hook")
    wait(lambda: has(ours, "cancelled_at_a_hook", "hook_started"))
    ours("sprint", "cancel", "cancelled_at_a_hook")
    running.wait(timeout=60)
    ours("hook", "remove", "guard")


def workers(ours: Gateway) -> None:
    """What only workers put on record: schedules, what is overdue, an engine that falls."""
    ours.create("overdue")
    ours.gate("sleep 60", "--timeout", "1", "--grace", "0.5")
    running = ours.begin("sprint", "run", "overdue")
    wait(lambda: has(ours, "overdue", "gate_started"))
    stop(running, signal.SIGKILL)
    running.wait()
    ours.gate("true", "--timeout", "60", "--grace", "5")
    ours.gate("sleep 60")
    ours.create("engine_fell")
    ours.on("engine_fell", ends=KILLED, STUDIO_FAULT="gate_mid_output:1:sigkill")
    ours.gate("true")
    with closing(sqlite3.connect(ours.store / "gateway.sqlite3")) as database:
        asked = "SELECT contract FROM sprints_sprint WHERE sprint_id = 'engine_fell'"
        (contract,) = database.execute(asked).fetchone()
    damaged = json.loads(contract)
    damaged["rounds"] = damaged["rounds"][:1]
    text = "UPDATE sprints_sprint SET contract = ? WHERE sprint_id = 'engine_fell'"
    ours.sql(text, json.dumps(damaged))
    ours("config", "set", "automation_paused", "true")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ("--workers", "1", "--name", "night", "--port", str(port))
    served = ours.begin("serve", *options)
    wait(lambda: has(ours, "overdue", "error", "overdue: "))
    wait(lambda: has(ours, "approval_overdue", "error", "overdue: "))
    wait(lambda: has(ours, "approval_expired", "approval_expired"))
    ours("config", "set", "automation_paused", "false")
    wait(lambda: has(ours, "engine_fell", "error", "the engine cannot carry"))
    ours.sql(text, contract)
    wait(lambda: ours.sprint("overdue")["status"] == "failed")

    steps(ours, port)
    due = "UPDATE sprints_schedule SET next_at = '2026-01-05 03:00:00' WHERE schedule_id = 'weekly'"
    name = "weekly-20260105-0300"
    ours.gate("sh -c 'test -e /srv/studio-v0/go'")
    (WORLD / "go").touch()
    ours.sql(due)
    wait(lambda: has(ours, name, "note", "sprint succeeded"))
    ours.sql(due)  # such a sprint is there already
    wait(lambda: has(ours, None, "error", "could not start"))
    later = due.replace("2026-01-05", "2026-01-12")
    ours.gate("sleep 10")
    ours.sql(later)
    wait(lambda: has(ours, "weekly-20260112-0300", "gate_started"))
    ours.sql(later)
    wait(lambda: has(ours, None, "schedule_skipped"))
    ours("sprint", "cancel", "weekly-20260112-0300")
    ours.sql("UPDATE sprints_schedule SET cron = '0 0 31 2 *' WHERE schedule_id = 'weekly'")
    ours.sql(due.replace("01-05", "01-19"))
    wait(lambda: has(ours, None, "error", "is turned off"))
    ours.sql("UPDATE sprints_schedule SET cron = '0 3 * * 1' WHERE schedule_id = 'weekly'")
    ours.gate("true")
    ours.sql("UPDATE sprints_host SET verify_at = '2026-01-01 03:00:00'")
    wait(lambda: has(ours, None, "verified"))
    assert stop(served) in (RAN, HANDED_BACK)


def steps(ours: Gateway, port: int) -> None:
    """Rounds one by one, asked of the web."""
    for name, times in (("stepped", 2), ("stepped_to_its_end", 6), ("stepped_and_retried", 4),
                        ("stays_stepped", 1)):  # fmt: skip
        ours.create(name)
        ours.gate("true" if times != 4 else "sh -c 'exit 3'")
        for number in range(1, times + 1):
            post(ours, port, f"sprints/{name}/step")
            wait(lambda name=name, number=number: rests(ours, name, number))
    ours.gate("true")
    ours.on("stepped")
    ours("sprint", "retry", "stepped_and_retried")
    post(ours, port, "sprints/created", title="Created, and named by the web")


def rests(ours: Gateway, name: str, rounds: int) -> bool:
    """Whether so many rounds are over, and nothing of it runs."""
    sprint = ours.sprint(name)
    over = [one for one in sprint["rounds"].values() if one["status"] in ("done", "blocked")]
    held = "automation_paused" in sprint["meta"] or sprint["status"] != "running"
    with closing(sqlite3.connect(ours.store / "gateway.sqlite3", timeout=15)) as database:
        asked = "SELECT lease_owner FROM sprints_sprint WHERE sprint_id = ?"
        (owner,) = database.execute(asked, (name,)).fetchone()
    return len(over) == rounds and held and not owner


def post(ours: Gateway, port: int, path: str, **body: object) -> None:
    """What a program asks of the web."""
    token = json.loads((ours.store / "config.json").read_text())["auth_token"]
    headers = {"X-Studio-Gateway-Token": token, "Content-Type": "application/json"}
    address, data = f"http://127.0.0.1:{port}/api/{path}", json.dumps(body).encode()
    request = urllib.request.Request(address, data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status < 300


def files(ours: Gateway) -> None:
    """What happens to the files of the store."""
    state, events = ours.store / "state.json", ours.store / "events.jsonl"
    ours("verify", "--record")
    kept = state.read_bytes()
    state.write_bytes(kept.replace(b"succeeded", b"failed", 1))
    ours("verify", "--record", ends=FAILED)
    state.write_bytes(kept)
    with events.open("ab") as file:
        file.write(b'{"change": [')
    ours("config", "set", "max_concurrent_global", "3")
    state.unlink()
    state.mkdir()
    (state / "in the way").touch()
    ours("config", "set", "max_concurrent_global", "2")
    shutil.rmtree(state)
    time.sleep(1)
    ours("config", "set", "max_concurrent_global", "1")


def agents(ours: Gateway) -> None:
    """Agents that are programs, in clones of the repository."""
    options = ("--command", "python3 tools/agent.py", "--env", f"GOLDEN_COUNTS={COUNTS}")
    ours("agent", "set", LEAD, *options)
    ours.gate(CALC)
    ours("config", "set", "enable_auto_merge", "false")
    ours.run("fixed", do="mend")
    ours.run("fix_changed_nothing", do="stuck", ends=FAILED)
    ours.run("fix_attempts_used_up", do="wander", fix_attempts=1, ends=FAILED)
    ours.run("fix_went_round", do="return", fix_attempts=5, ends=FAILED)
    ours.gate("sh -c 'test -e /srv/studio-v0/counts/once || { touch /srv/studio-v0/counts/once;"
              " exit 1; }'")  # fmt: skip
    ours.run("flaky", do="build\nWord: none", rerun_red=True, ends=BLOCKED)
    ours.gate(CALC)
    ours.run("rerun_and_red", do="wander", rerun_red=True, fix_attempts=0, ends=FAILED)
    ours.run("changed_nothing", do="idle", ends=FAILED)
    ours.gate("true")
    ours.run("changed_nothing_and_green", do="idle")
    ours.run("asked_and_answered", do="ask", round_minutes={R0: [0, 0]}, ends=BLOCKED)
    ours("sprint", "answer", "asked_and_answered", "--text", "red")
    ours.on("asked_and_answered")
    ours.run("asks", do="ask", ends=BLOCKED)
    ours.run("agent_failed", do="fail", ends=FAILED)
    ours("sprint", "retry", "agent_failed")
    ours("agent", "set", LEAD, "--timeout", "2")
    ours.run("agent_timed_out", do="linger", ends=FAILED)
    ours("agent", "set", LEAD, "--timeout", "600", "--idle", "1")
    ours.run("agent_silent", do="linger", ends=FAILED)
    ours("agent", "set", LEAD, "--idle", "300")
    ours.run("agent_over_its_minutes", "--deadline", "stop", do="linger",
             round_minutes={R0: [0, 0.03]}, ends=FAILED)  # fmt: skip
    ours.create("agent_handed_back", do="sleep")
    running = ours.begin("sprint", "run", "agent_handed_back")
    wait(lambda: has(ours, "agent_handed_back", "task_started"))
    time.sleep(2)
    assert stop(running) == HANDED_BACK
    ours.on("agent_handed_back")
    ours.create("agent_cancelled", do="linger")
    running = ours.begin("sprint", "run", "agent_cancelled")
    wait(lambda: has(ours, "agent_cancelled", "task_started"))
    time.sleep(1)
    ours("sprint", "cancel", "agent_cancelled")
    running.wait(timeout=60)
    ours.create("agent_interrupted", do="build\nWord: one")
    ours.on("agent_interrupted", ends=KILLED, STUDIO_FAULT="agent_spawned:1:sigkill")
    ours.on("agent_interrupted")
    ours.create("agent_ends_gateways", do="build\nWord: two")
    for _ in range(5):
        ours.on("agent_ends_gateways", ends=KILLED, STUDIO_FAULT="agent_spawned:1:sigkill")
    ours.on("agent_ends_gateways", ends=FAILED)


def budgets(ours: Gateway) -> None:
    """What programs may use up."""
    ours("config", "set", "agent_launches", "2")
    ours.run("budget_raised", do="build\nWord: three", round_minutes={"R2_PLAN_CONFIRM": [0, 0]},
             ends=BLOCKED)  # fmt: skip
    ours("sprint", "budget", "budget_raised", "--launches", "20")
    ours.on("budget_raised")
    ours.run("over_budget", do="build\nWord: four", ends=BLOCKED)
    ours.create("budget_raised_before", do="build\nWord: five")
    ours("sprint", "budget", "budget_raised_before", "--launches", "20", "--tokens", "90000",
         "--usd", "5")  # fmt: skip
    ours.on("budget_raised_before")
    ours("config", "set", "agent_launches", "40")
    ours("config", "set", "agent_minutes", "0.05")
    (COUNTS / "sleep").unlink()
    ours.run("budget_of_minutes", do="sleep", ends=BLOCKED)
    ours("sprint", "budget", "budget_of_minutes", "--minutes", "60")
    ours.on("budget_of_minutes")
    ours("config", "set", "agent_minutes", "120")
    ours("agent", "set", LEAD, "--preset", "opencode")
    ours("config", "set", "agent_tokens", "1000")
    ours.run("budget_of_tokens", do="spend", ends=BLOCKED)
    ours.run("budget_ended_by_tokens", do="overspend", ends=BLOCKED)
    ours("config", "set", "agent_tokens", "1000000")
    ours("config", "set", "agent_usd", "0.5")
    ours.run("budget_of_dollars", do="spend", ends=BLOCKED)
    ours("config", "set", "agent_usd", "100")
    ours("agent", "set", LEAD, "--preset", "claude-code")
    ours.gate(CALC)
    ours.run("sessions", do="record")
    options = ("--command", "python3 tools/agent.py", "--env", f"GOLDEN_COUNTS={COUNTS}")
    ours("agent", "set", LEAD, "--reply-field", "", *options)


def plans(ours: Gateway) -> None:
    """A lead who gives out tasks."""
    for agent in (ADD, REPORT):
        options = ("--command", "python3 tools/agent.py", "--env", f"GOLDEN_COUNTS={COUNTS}")
        ours("agent", "set", agent, *options)
    ours.gate(CALC)
    ours.run("planned", do="crew")
    ours.run("plan_returned", do="crew BAD ONCE")
    ours.run("plan_asked_about", do="crew BAD TWICE", ends=BLOCKED)
    ours("sprint", "answer", "plan_asked_about", "--text", "Name agent_06.")
    ours.on("plan_asked_about")
    for agent in (ADD, REPORT):
        ours("agent", "set", agent, "--runner", "scripted")


def ships(ours: Gateway) -> None:
    """What has passed is merged, pushed, taken back."""
    ours("config", "set", "enable_auto_merge", "true")
    ours("hook", "add", "released", "--on", "release_ready", "--command", "true")
    ours.gate(CALC)
    ours.run("shipped", do="mend")
    ours.gate("true")
    ours.run("shipped_and_unshipped", do="build\nWord: six")
    ours("sprint", "unship", "shipped_and_unshipped", "--why", "it is slow")
    ours.run("unship_failed", do="build\nWord: seven")
    ours.gate("sh -c 'exit 5'")
    ours("sprint", "unship", "unship_failed", ends=FAILED)
    ours("archive", "unship_failed-unship")
    ours.gate("true")
    ours.run("nothing_to_ship", do="idle")
    ours.create("ship_conflict", do="build\nWord: eight")
    ours("sprint", "step", "ship_conflict")
    commit({"notes.txt": "of the user\n"}, "Take notes")
    ours.on("ship_conflict", ends=BLOCKED)
    commit({"notes.txt": "seven\n"}, "Put the notes back")
    ours.gate("sleep 3")
    ours.create("ship_moved", do="build\nWord: nine")
    running = ours.begin("sprint", "run", "ship_moved")
    wait(lambda: has(ours, "ship_moved", "ship_merged"))
    commit({"README": "moved meanwhile\n"}, "Write more")
    assert running.wait(timeout=120) == RAN
    ours.gate("true")
    (REPO / "README").write_text("in the middle of something\n")
    ours.run("ship_refused", do="build\nWord: ten", ends=BLOCKED)
    git("checkout", "--", "README")
    ours("sprint", "retry", "ship_refused")
    git("push", "-q", "origin", "main")
    ours("config", "set", "ship_remote", "origin")
    ours.run("pushed", do="build\nWord: eleven")
    ours.create("shipped_and_unfinished", do="build\nWord: of the remote")
    ours.on("shipped_and_unfinished", ends=KILLED, STUDIO_FAULT="push_returned:1:sigkill")
    commit({"README": "not pushed\n"}, "Write here alone")
    ours.on("shipped_and_unfinished")
    git("fetch", "-q", "origin")
    git("reset", "-q", "--hard", "origin/main")
    ours("config", "set", "ship_remote", '""')

    ours.run("approved_to_ship", "--approve", "before_ship", do="build\nWord: twelve", ends=BLOCKED)
    ours("sprint", "approve", "approved_to_ship")
    ours.on("approved_to_ship")
    ours.run("protected_paths", do="cheat", round_minutes={R3: [0, 0]}, ends=BLOCKED)
    ours("sprint", "approve", "protected_paths", "--why", "the test was wrong")
    ours.on("protected_paths")
    ours.run("protected_and_rejected", do="cheat", ends=BLOCKED)
    ours("sprint", "reject", "protected_and_rejected", "--why", "mend the code")
    ours.run("ship_rejected", "--approve", "before_ship", do="build\nWord: never", ends=BLOCKED)
    ours("sprint", "reject", "ship_rejected", "--why", "too late")
    ours("config", "set", "enable_auto_merge", "false")

    own = ours.store / "git" / "own.git"
    away = own.with_suffix(".git.away")
    moves = f"cat > /dev/null; if test -e {away}; then rm -rf {own}; else mv {own} {away}; fi"
    ours("hook", "add", "breaks", "--on", "gate_done", "--command", f"sh -c '{moves}'",
         "--blocking")  # fmt: skip
    ours.run("paths_unknown_and_retried", do="build\nWord: none", ends=BLOCKED)
    ours.run("paths_unknown", do="build\nWord: none", ends=BLOCKED)
    shutil.rmtree(own, ignore_errors=True)  # the one that was made in its place
    away.rename(own)
    ours("hook", "remove", "breaks")
    ours("sprint", "retry", "paths_unknown_and_retried")
    ours("agent", "set", LEAD, "--runner", "scripted")


def moved(ours: Gateway) -> None:
    """The repository goes elsewhere while a sprint runs."""
    ours.create("settled_in")
    ours("sprint", "step", "settled_in")
    elsewhere = WORLD / "elsewhere"
    REPO.rename(elsewhere)
    there = Gateway(ours.command, elsewhere)
    there("sprint", "step", "settled_in")
    elsewhere.rename(REPO)
    ours.on("settled_in")


def own_doing(ours: Gateway) -> None:
    """A hook that starts a sprint is not told of that one."""
    act = f"{ours.command} sprint"
    starts = f"{act} create started_by_a_hook && {act} run started_by_a_hook --queue"
    ours("hook", "add", "starts", "--on", "sprint_start", "--tries", "1", "--command",
         f"sh -c 'cat > /dev/null; {starts}'")  # fmt: skip
    ours.run("starts_another")
    worker = ours.begin("worker", "--workers", "1", "--name", "night")
    wait(lambda: has(ours, "started_by_a_hook", "note", "sprint succeeded"))
    wait(lambda: has(ours, None, "error", "hook starts is not told of "))
    assert stop(worker) in (RAN, HANDED_BACK)
    ours("hook", "remove", "starts")


def pack(ours: Gateway, target: Path) -> None:
    """The repository, with a backup as its store: no keys, no clones, no logs of the database."""
    copy = WORLD / "packed" / "repo"
    copy.mkdir(parents=True)
    ours("backup", str(copy / STORE))
    with closing(sqlite3.connect(copy / STORE / "gateway.sqlite3")) as database:
        database.execute("DELETE FROM django_session")
        database.commit()
        database.execute("VACUUM")
    git("gc", "-q", "--prune=now")
    shutil.rmtree(REPO / ".git" / "hooks", ignore_errors=True)
    for path in REPO.iterdir():
        if path.name != STORE:
            (shutil.copytree if path.is_dir() else shutil.copy)(path, copy / path.name)

    def plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        return info

    # gzip looks back 32 KiB, and the database holds each line of events.jsonl once more
    with tarfile.open(target, "w:xz", preset=9 | lzma.PRESET_EXTREME) as packed:
        packed.add(copy, "repo", filter=plain)
    print(f"{target}: {target.stat().st_size} bytes")


def main() -> None:
    """Make it, see that it is sound, pack it."""
    command, target = str(Path(sys.argv[1]).absolute()), Path(sys.argv[2]).absolute()
    for folder in (WORLD, COUNTS, WORLD / "home", WORLD / "bin"):
        folder.mkdir()
    (WORLD / "bin" / "studio-gateway").symlink_to(command)
    command = str(WORLD / "bin" / "studio-gateway")
    for name in ("opencode", "claude"):  # what the presets call
        program = WORLD / "bin" / name
        program.write_text(
            f'#!/bin/sh\nexec env GOLDEN_COUNTS={COUNTS} python3 tools/agent.py "$@"\n'
        )
        program.chmod(0o755)
    imports(command)
    REPO.mkdir()
    git("init", "-q", "--template=", "-b", "main")
    text = {name: (HERE / f"{name}.py").read_text() for name in ("agent", "gate")}
    commit({"README": "of the project\n"}, "Begin")
    commit({f"tools/{name}.py": one for name, one in text.items()}, "Add tools")
    git("init", "-q", "--bare", "--template=", "-b", "main", str(ORIGIN))
    git("remote", "add", "origin", str(ORIGIN))
    git("push", "-q", "origin", "main")
    ours = Gateway(command, REPO)
    ours("init")
    ours("import", str(WORLD / "first.tar.gz"))
    for act in (settings, gates, operators, approvals, hooks, workers, agents, budgets, plans,
                ships, moved, files, own_doing):  # fmt: skip
        print(f"== {act.__name__}", flush=True)
        act(ours)
    for argv in (("verify",), ("replay",)):  # rebuild --check came to terms with a fall later
        print(ours(*argv))
    pack(ours, target)


if __name__ == "__main__":
    main()
