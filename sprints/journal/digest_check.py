"""Check the digests in events: of each contract, and of the gate that each run used."""

import hashlib
import json
from functools import lru_cache

import orjson

from sprints.contract.json_types import JsonObject, JsonValue


class Frozen:
    """The gates of each sprint's contract, up to the last checked event."""

    def __init__(self) -> None:
        self._gates: dict[str, dict[str, str]] = {}

    def altered(self, event: JsonObject) -> str:
        """Return why a digest of the event is wrong; empty if all are right."""
        data = event["data"]
        if "contract" in data:
            try:
                digest, self._gates[event["sprint_id"]] = _digests(_text(data["contract"]))
            except (KeyError, TypeError) as exc:
                return f"its contract cannot be read: {exc!r}"
            if data.get("digest") != digest:
                return "its contract is not the one of its digest"
        elif event["kind"] == "gate_started" and "digest" in data:
            gate = data.get("gate_id")
            if self._gates.get(event["sprint_id"], {}).get(gate) != data["digest"]:
                return f"gate {gate} is not the one that the sprint's contract froze"
        return ""


def _text(contract: JsonValue) -> bytes:
    """Return the contract as a key for the cache: many contracts are equal."""
    try:
        return orjson.dumps(contract)
    except TypeError:  # an integer beyond 64 bits, a lone surrogate
        return json.dumps(contract).encode("ascii")


@lru_cache(maxsize=64)
def _digests(text: bytes) -> tuple[str, dict[str, str]]:
    """Return the contract's digest and its gates' digests by id, computed as when frozen."""
    contract = json.loads(text)
    gates = {
        gate["gate_id"]: _digest(json.dumps(gate, sort_keys=True)) for gate in contract["gates"]
    }
    return _digest(json.dumps(contract, sort_keys=True)), gates


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
