"""Check a certificate against the events of its sprint.

The caller passes the events one after another, up to the one that announces the publication. Its
hash is the certificate's ``chain``, and so vouches for all earlier events.
"""

import hashlib
import json
from collections.abc import Iterator

from sprints.contract.json_types import JsonMapping, JsonObject, JsonValue
from sprints.state.network_use import summed

PUBLISHES = "ship_publishing"
SAME = ("branch", "base", "head", "commit", "tree")
INTERRUPTED = "interrupted"
OF_YES = ("what", "tree", "by", "ts")


class CertificateCheck:
    """A check that receives the events, oldest first, and lists the unsupported claims."""

    def __init__(self, facts: JsonMapping) -> None:
        self._facts = facts
        self._contract: JsonValue = None
        self._digest = ""
        self._begun: dict[tuple[str, int], JsonMapping] = {}
        self._ended: dict[tuple[str, int], tuple[str | None, JsonMapping]] = {}
        self._networks: dict[tuple[str | None, ...], JsonMapping] = {}
        self._approved: list[JsonObject] = []
        self._first = ""  # the hash of the first event
        self._found: list[str] | None = None

    def add(self, event: JsonMapping) -> None:
        """Take in the next event."""
        if self._found is not None:
            return
        try:
            self._first = self._first or event["hash"]
            if event["sprint_id"] == self._facts["sprint"]:
                self._keep(event["kind"], event["round_id"], event["data"])
            if event["hash"] == self._facts["chain"]:
                self._found = [*self._unlike(event)]
        except (LookupError, TypeError, ValueError, AttributeError) as exc:
            self._found = [f"an event cannot be read: {type(exc).__name__} {exc}"]

    def missing(self) -> Iterator[str]:
        """Yield one line for each unsupported claim."""
        if self._found is None:
            yield f"no event has the hash {self._facts['chain'][:12]}"
        else:
            yield from self._found

    def _keep(self, kind: str, code: str | None, data: JsonMapping) -> None:
        if kind == "note" and "digest" in data:
            self._digest = data["digest"]
            self._contract = data.get("contract", self._contract)
        elif kind == "approved":
            self._approved.append({key: data.get(key, "") for key in OF_YES})
        elif kind == "gate_started":
            self._begun[data["gate_id"], data["number"]] = data
        elif kind == "gate_finished":
            self._ended[data["gate_id"], data["number"]] = code, data
            self._networks["gate", data["gate_id"], str(data["number"])] = data.get("network", {})
        elif kind.startswith("task_") and "task_id" in data:
            self._networks[code, data["task_id"]] = data.get("network", {})

    def _unlike(self, event: JsonMapping) -> Iterator[str]:
        facts, recorded = self._facts, event["data"]
        if (event["sprint_id"], event["kind"]) != (facts["sprint"], PUBLISHES):
            chain = facts["chain"][:12]
            yield f"the event {chain} does not tell that {facts['sprint']} is published"
            return
        for key, said in (
            *((key, recorded[key]) for key in SAME),
            ("published_ts", recorded["since_ts"]),
        ):
            if facts[key] != said:
                yield f"its {key} is {_short(facts[key])}, and was {_short(said)} when published"
        undone = self._contract.get("undoes", {}).get("commit")
        for key, said in (("url", recorded.get("url")), ("undoes", undone)):
            if (has := facts.get(key)) != said:
                yield f"its {key} is {_short(has)}, and was {_short(said)} when published"
        for key, said in (("record", self._first), ("incarnation", event.get("incarnation"))):
            if (has := facts.get(key, said)) != said:
                yield f"its {key} is {_short(has)}, and was {_short(said)} when published"
        if facts["contract"] != self._digest:
            yield f"its contract is {_short(facts['contract'])}, and was {_short(self._digest)}"
        if _digest(self._contract) != self._digest:
            yield f"the contract {_short(self._digest)} is told as another"
        yield from self._gates(event["round_id"], recorded)
        yield from self._yes()
        if self._facts.get("network", {}) != summed(self._networks.values()):
            yield "its network is not what the runs reached by the events"

    def _yes(self) -> Iterator[str]:
        """Yield faults of the approvals: a required one is missing, or a named one is false."""
        tree, asks = self._facts["tree"], self._contract.get("approvals", {}).get("before", ())
        of_it = [
            one for one in self._approved if (one["what"], one["tree"]) == ("before_ship", tree)
        ]
        if "before_ship" in asks and not of_it:
            yield f"nobody had approved the tree {_short(tree)} when it was published"
        for one in self._facts.get("approvals", ()):
            if one not in self._approved:
                yield f"no event tells that {one['by']!a} approved the tree {_short(one['tree'])}"

    def _gates(self, code: str | None, recorded: JsonMapping) -> Iterator[str]:
        """Yield faults of the gates: exactly the required ones, by their last run on the merge."""
        asked = {
            gate["gate_id"]: _digest(gate)
            for gate in self._contract["gates"]
            if gate["required"] and code in gate["rounds"]
        }
        named = [gate["gate_id"] for gate in self._facts["gates"]]
        for name in sorted(asked.keys() - set(named)):
            yield f"gate {name} had to pass, and is not in it"
        for name in sorted({n for n in named if n not in asked or named.count(n) > 1}):
            yield f"gate {name} is in it, and did not have to pass, or not twice"
        for gate in self._facts["gates"]:
            if gate["gate_id"] in asked:
                after = recorded["after"].get(gate["gate_id"], 0)
                yield from self._gate(gate, code, after, recorded, asked[gate["gate_id"]])

    def _gate(
        self, gate: JsonMapping, code: str | None, after: int, recorded: JsonMapping, digest: str
    ) -> Iterator[str]:
        name, number = gate["gate_id"], gate["run"]
        judged = [
            n
            for (gate_id, n), (where, data) in self._ended.items()
            if gate_id == name and n > after and where == code and data["verdict"] != INTERRUPTED
        ]
        if not judged or max(judged) != number:
            yield f"run {number} of gate {name} is not its last on what was merged"
            return
        begun, (_, ended) = self._begun[name, number], self._ended[name, number]
        said = ended["verdict"], ended["exit_code"], ended.get("tree"), begun["attempt"]
        if said != ("passed", gate["exit_code"], gate["tree"], recorded["attempt"]):
            yield f"no event tells that run {number} of gate {name} passed on that tree"
        if not gate["digest"] == begun["digest"] == digest:
            yield f"run {number} of gate {name} was of another definition"
        for what in ("stdout", "stderr"):
            path = f"gates/{name}/runs/{number}/{what}.txt"
            if ended.get("outputs", {}).get(path, "") != gate[f"{what}_sha256"]:
                yield f"{what} of run {number} of gate {name} was another when it ended"


def _digest(frozen: JsonMapping) -> str:
    """Return the digest of a contract or a definition."""
    return hashlib.sha256(json.dumps(frozen, sort_keys=True).encode()).hexdigest()


def _short(said: object) -> str:
    text = str(said)
    return text[:12] if len(text) >= 40 else text
