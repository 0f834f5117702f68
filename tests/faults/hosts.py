"""Run real hosts on one machine: each has a network, a host name and a store of its own.

Only root may make network namespaces. Without them, or without PostgreSQL, the tests are skipped,
visibly; ``STUDIO_TEST_REQUIRE=namespaces`` turns the first skip into a failure.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.e2e.conftest import wait_for
from tests.e2e.servers import absent
from tests.faults.arena import CHECKED
from tests.world import Said, environment

PROGRAMS = ("ip", "nsenter", "unshare", "hostname")
SUBNET = "10.213"  # of the cables; a number for each host follows


class Host:
    """A host with a cable to this machine, which ``cut`` and ``mend`` concern."""

    def __init__(self, number: int, name: str, repo: Path, env: dict[str, str]) -> None:
        self.name, self.repo, self.env = name, repo, env
        self.store = repo / ".studio_gateway"
        self._net = f"studio-{os.getpid()}-{number}"
        self._cable = f"sg{os.getpid()}.{number}"
        self.address, self._ours = f"{SUBNET}.{number}.2", f"{SUBNET}.{number}.1"
        self.running: list[subprocess.Popen[str]] = []

    @property
    def ours(self) -> str:
        """The address by which it reaches this machine."""
        return self._ours

    def plug_in(self) -> None:
        """Make its network, with a cable to this machine."""
        inside = ["ip", "-n", self._net]
        far = f"{self._cable}f"
        for argv in (
            ["ip", "netns", "add", self._net],
            ["ip", "link", "add", self._cable, "type", "veth", "peer", "name", far],
            ["ip", "link", "set", far, "netns", self._net],
            ["ip", "addr", "add", f"{self._ours}/24", "dev", self._cable],
            ["ip", "link", "set", self._cable, "up"],
            [*inside, "addr", "add", f"{self.address}/24", "dev", far],
            [*inside, "link", "set", far, "up"],
            [*inside, "link", "set", "lo", "up"],
        ):
            subprocess.run(argv, check=True, capture_output=True)

    def unplug(self) -> None:
        """Remove its network and cable."""
        subprocess.run(["ip", "link", "del", self._cable], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", self._net], check=False, capture_output=True)

    def cut(self) -> None:
        """Pull the cable: packets vanish, and no connection is closed."""
        subprocess.run(["ip", "link", "set", self._cable, "down"], check=True)

    def mend(self) -> None:
        """Plug the cable in again."""
        subprocess.run(["ip", "link", "set", self._cable, "up"], check=True)

    def say(self, *argv: str, timeout: float = 120) -> Said:
        """Run a command there to its end."""
        running = self.start(*argv)
        out, err = running.communicate(timeout=timeout)
        self.running.remove(running)
        return Said(running.returncode, out, err)

    def start(self, *argv: str) -> subprocess.Popen[str]:
        """Start a command there, and leave it running."""
        inside = ["nsenter", f"--net=/run/netns/{self._net}", "unshare", "--uts", "sh", "-c"]
        named = [*inside, 'hostname "$0" && exec "$@"', self.name]
        running = subprocess.Popen(
            [*named, sys.executable, "-m", "studio_gateway", *argv],
            cwd=self.repo,
            env=environment(self.repo) | self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.running.append(running)
        return running

    def rename(self, name: str) -> None:
        """Give it another name, also for what runs there."""
        self.name = name
        for running in self.running:
            inside = ["nsenter", f"--uts=/proc/{running.pid}/ns/uts"]
            subprocess.run([*inside, "hostname", name], check=True)

    def stop(self) -> None:
        """SIGTERM to all that it runs, and its end."""
        for running in self.running:
            if running.poll() is None:
                running.terminate()
        for running in self.running:
            running.communicate(timeout=90)
        self.running.clear()

    def events(self) -> list[dict[str, Any]]:
        """Every event of its file."""
        path = self.store / "events.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]

    def runs(self) -> list[str]:
        """The runs of gates that began there, by their names."""
        path = self.repo / "ran"
        return path.read_text().split() if path.exists() else []

    def agrees(self) -> bool:
        """Whether its doctor finds record and invariants sound."""
        found = json.loads(self.say("doctor", "--json").out)
        levels = {one["check"]: one["level"] for one in found if one["check"] in CHECKED}
        return levels == dict.fromkeys(CHECKED, "ok")


def needed() -> None:
    """Skip the test, or fail where it is asked for, if no host can be made here."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if os.name == "nt" or os.geteuid() != 0:
        absent("namespaces", "NO NETWORK NAMESPACES: only root may make one")
    if missing:
        absent("namespaces", f"NO NETWORK NAMESPACES: {', '.join(missing)} not on PATH")
    probe = ["ip", "netns", "add", f"studio-{os.getpid()}-probe"]
    if subprocess.run(probe, check=False, capture_output=True).returncode:
        absent("namespaces", "NO NETWORK NAMESPACES: the system refuses to make one")
    subprocess.run(["ip", "netns", "del", probe[-1]], check=True)


def judged_once(host: Host, sprint: str) -> None:
    """Every round once, two runs passed, none judged twice, and one end."""
    events = [one for one in host.events() if one["sprint_id"] == sprint]
    told = json.dumps([[e["kind"], e["round_id"], e["message"]] for e in events], indent=1)
    done = Counter(e["round_id"] for e in events if e["kind"] == "round_done")
    finished = [e["data"] for e in events if e["kind"] == "gate_finished"]
    judged = Counter(data["number"] for data in finished)
    ends = [e for e in events if e["data"].get("code") == "sprint_succeeded"]
    assert [*done.values()] == [1] * 6, told
    assert max(judged.values()) == 1, told
    assert [one["verdict"] for one in finished].count("passed") == 2, told
    assert {one["verdict"] for one in finished} <= {"passed", "interrupted"}, told
    assert len(ends) == 1, told


def statuses(host: Host) -> dict[str, str]:
    """Every sprint's status, as a command there says."""
    rows = json.loads(host.say("sprint", "list", "--json").out)
    return {row["sprint_id"]: row["status"] for row in rows}


def succeed(host: Host, *names: str) -> bool:
    """Wait until these sprints have succeeded; False if they do not."""

    def all_did() -> bool:
        state = json.loads((host.store / "state.json").read_text())["sprints"]
        return all(state.get(name, {}).get("status") == "succeeded" for name in names)

    return wait_for(all_did, 180)
