"""Run a fault test: a store, the real programs on it, and the invariants to check afterwards."""

import json
import os
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from gates import process_table
from gates.execution import COOKIE
from tests.e2e.conftest import start, wait_for
from tests.world import Said, run_command

# It notes that it ran and under which name, prints, takes its time, prints again.
GATE = "sh -c 'echo $STUDIO_GATEWAY_RUN >> ran; echo half; sleep 0.3; echo judged'"
# Many in one process: to start one for each would take most of the time.
CREATE = """
from sprints import operations
for name in {}:
    operations.create(name, by="test")
operations.settle_files()
"""
QUEUE = """
from sprints import operations
for name in {}:
    operations.start(name)
operations.settle_files()
"""
CHECKED = ("journal", "invariants")


class Arena:
    """An initialised store. ``env`` is what all its commands get, ``DATABASE_URL`` above all."""

    def __init__(self, repo: Path, gate: str = GATE, **env: str) -> None:
        self.repo, self.env = repo, env
        self.store = repo / ".studio_gateway"
        self._faults = 0
        self._made: set[str] = set()
        self._running: list[subprocess.Popen[str]] = []
        assert self.say("init").code == 0
        self.set_gate(gate)

    def say(self, *argv: str, timeout: float = 120, **env: str) -> Said:
        """Run a command to its end."""
        return run_command(self.repo, *argv, timeout=timeout, **{**self.env, **env})

    def start(self, *argv: str, **env: str) -> subprocess.Popen[str]:
        """Start a command, in a session of its own, and leave it running."""
        running = start(self.repo, *argv, **{**self.env, **env})
        self._running.append(running)
        return running

    def set_gate(self, command: str, *options: str) -> None:
        """Let the default gate be that command."""
        said = self.say("gate", "set", "qa_smoke_quick", "--command", command, *options)
        assert said.code == 0, said

    def create(self, *names: str) -> None:
        """Sprints that can be run; those that are there already are left alone."""
        new = [name for name in dict.fromkeys(names) if name not in self._made]
        if new:
            self._made |= {*new}
            said = self.say("shell", "-c", CREATE.format(new))
            assert (said.code, said.err) == (0, ""), said

    def queue(self, *names: str) -> None:
        """Sprints that are handed to the workers, all by one process."""
        self.create(*names)
        said = self.say("shell", "-c", QUEUE.format([*names]))
        assert (said.code, said.err) == (0, ""), said

    def fault(self, spec: str) -> tuple[str, Path]:
        """``STUDIO_FAULT`` for a fault that happens once, and the file that it leaves."""
        self._faults += 1
        marker = self.repo.parent / f"fault-{self._faults}"
        return f"{spec}@{marker}", marker

    def worker(self, workers: int = 2, **env: str) -> subprocess.Popen[str]:
        """A worker command."""
        return self.start("worker", "--workers", str(workers), **env)

    def statuses(self) -> dict[str, str]:
        """Every sprint's status as state.json has it; the doctor says whether that is true."""
        state = json.loads((self.store / "state.json").read_text())
        return {name: sprint["status"] for name, sprint in state["sprints"].items()}

    def succeed(self, *names: str, within: float = 90) -> bool:
        """Wait until all of them have; False when they do not."""

        def all_did() -> bool:
            found = self.statuses()
            return all(found.get(name) == "succeeded" for name in names)

        return wait_for(all_did, within)

    def events(self, name: str) -> list[dict[str, Any]]:
        """The sprint's events from the file."""
        text = (self.store / "events.jsonl").read_text()
        return [e for e in map(json.loads, text.splitlines()) if e["sprint_id"] == name]

    def remains(self) -> list[str]:
        """What runs of this store: in its folder, or with the cookie of one of its runs."""
        found = {one.pid: one for one in process_table.living() if self._is_here(one.pid)}
        lines = (self.store / "events.jsonl").read_text(errors="replace").splitlines()
        for event in map(json.loads, (line for line in lines if '"gate_started"' in line)):
            data = event["data"]
            if "number" in data:
                run = f"{event['sprint_id']}/{data['gate_id']}/{data['number']}@{event['ts']}"
                found |= {one.pid: one for one in self._cookies().get(run, [])}
        return [f"{pid} {self._words(pid)}" for pid in found if pid != os.getpid()]

    def stopped(self) -> list[int]:
        """The pids of what is frozen here."""
        return [
            one.pid for one in process_table.living() if one.state == "T" and self._is_here(one.pid)
        ]

    def go_on(self) -> None:
        """Thaw what is frozen here."""
        for pid in self.stopped():
            os.kill(pid, signal.SIGCONT)

    def check(self, *names: str) -> None:
        """Nothing is left, everything agrees, and these sprints ended as their contract says."""
        self.agree()
        for name in names:
            self.ended_well(name)

    def agree(self) -> None:
        """Nothing is left running, and the doctor sees nothing that should not be."""
        assert wait_for(lambda: not self.remains()), self.remains()
        self.agree_while_at_work()

    def agree_while_at_work(self) -> None:
        """The doctor sees nothing that should not be."""
        said = self.say("doctor", "--json")
        findings = [one for one in json.loads(said.out) if one["check"] in CHECKED]
        assert {one["check"] for one in findings} == {*CHECKED}, said
        assert [one for one in findings if one["level"] != "ok"] == []

    def ended_well(self, name: str) -> None:
        """Every round once, every gate once or visibly again, and green in the end."""
        events = self.events(name)
        told = json.dumps([[e["kind"], e["round_id"], e["message"]] for e in events], indent=1)
        attempts = 1 + sum(e["data"].get("code") == "sprint_retried" for e in events)
        starts = Counter(e["round_id"] for e in events if e["kind"] == "round_started")
        done = Counter(e["round_id"] for e in events if e["kind"] == "round_done")
        assert len(starts) == 6, told
        assert max(starts.values()) <= attempts, told
        assert [*done.values()] == [1] * 6, told
        started = [e for e in events if e["kind"] == "gate_started"]
        finished = [e["data"] for e in events if e["kind"] == "gate_finished"]
        numbers = [*range(1, len(started) + 1)]
        assert [e["data"]["number"] for e in started] == numbers, told
        assert [data["number"] for data in finished] == numbers, told
        passed = {d["number"] for d in finished if d["verdict"] == "passed"}
        assert len(passed) == 2, told
        allowed = {"passed", "interrupted"} if attempts == 1 else {"passed", "interrupted", "error"}
        assert {d["verdict"] for d in finished} <= allowed, told
        assert events[-1]["data"]["code"] == "sprint_succeeded", told
        self._ran(name, passed)

    def _ran(self, name: str, passed: set[int]) -> None:
        """No run twice, and none passed that did not run; its evidence is there."""
        ran = Counter((self.repo / "ran").read_text().split())
        assert max(ran.values()) == 1, ran.most_common(1)
        mine = {int(run.split("@")[0].split("/")[2]) for run in ran if run.startswith(f"{name}/")}
        assert passed <= mine, (passed, mine)
        for number in passed:
            folder = self.store / f"artifacts/{name}/gates/qa_smoke_quick/runs/{number}"
            assert (folder / "stdout.txt").read_text() == "half\njudged\n", folder

    def stop(self, running: subprocess.Popen[str]) -> None:
        """SIGTERM, and its end."""
        if running.poll() is None:
            running.terminate()
        running.communicate(timeout=90)

    def close(self) -> None:
        """End what a test has left running."""
        self.go_on()
        for running in self._running:
            if running.poll() is None:
                running.kill()
            running.communicate(timeout=90)

    def _is_here(self, pid: int) -> bool:
        try:
            return str(Path(f"/proc/{pid}/cwd").readlink()).startswith(str(self.repo))
        except OSError:
            return False

    def _cookies(self) -> dict[str, list[process_table.Process]]:
        return process_table.values_of(COOKIE)

    def _words(self, pid: int) -> str:
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            return ""
