"""``python -m sprints.modelcheck --contract FILE``: check a contract without a database."""

import argparse
import json
import sys
from pathlib import Path

from sprints.contract.contract import Contract
from sprints.modelcheck.plan import prove
from sprints.modelcheck.report import as_json, lines


def main() -> int:
    """Explore the contract; return 0 if all invariants hold, 1 if not, 2 for a bad file."""
    parser = argparse.ArgumentParser(
        prog="python -m sprints.modelcheck",
        description="Check that a sprint under a contract keeps the invariants, whatever happens.",
        epilog="Exit code 1: an invariant breaks, or there are too many sequences to simulate.",
    )
    parser.add_argument(
        "--contract",
        required=True,
        type=Path,
        metavar="FILE",
        help="contract as JSON; studio-gateway contract show prints one",
    )
    parser.add_argument(
        "--whole",
        action="store_true",
        help="explore all parts together instead of one after the other; can take very long",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    options = parser.parse_args()
    contract = _read(parser, options.contract)
    proof = prove(contract, whole=options.whole)
    if options.json:
        text = json.dumps(as_json(proof, contract), indent=2, sort_keys=True)
    else:
        text = "\n".join(lines(proof))
    sys.stdout.write(f"{text}\n")
    return 0 if proof.holds else 1


def _read(parser: argparse.ArgumentParser, path: Path) -> Contract:
    """Return the contract in the file; end with exit code 2 where there is none."""
    try:
        contract = Contract.from_json(json.loads(path.read_text(encoding="utf-8")))
    except OSError as exc:
        parser.error(f"{path} cannot be read: {exc.strerror or exc}")
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        parser.error(f"{path} holds no contract ({type(exc).__name__}: {exc})")
    if problems := contract.problems():
        parser.error(f"{path}: {'; '.join(map(str, problems))}")
    return contract


if __name__ == "__main__":
    sys.exit(main())
