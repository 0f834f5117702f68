"""Write and read the certificate in a shipped tag, which can be checked without the gateway."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from sprints.contract.json_types import JsonMapping, JsonObject
from sprints.git.git import SHA, Git, GitError

VERSION = 1
TEXTS = (
    "sprint", "branch", "base", "head", "commit", "tree", "contract", "chain", "published_ts",
)  # fmt: skip
# Optional: the push target, the reverted commit, the hash of the record's first event, its
# incarnation.
MAY_BE = ("url", "undoes", "record", "incarnation")
TAGS = ("refs/tags/shipped", "refs/tags/unshipped")
OF_GATE = ("gate_id", "digest", "tree", "stdout_sha256", "stderr_sha256")


def text(facts: JsonMapping) -> str:
    """Return the certificate as the text of a tag."""
    return json.dumps({"version": VERSION, **facts}, indent=2, sort_keys=True) + "\n"


def digest_of(path: Path) -> str:
    """Return the hex SHA-256 of an output; empty if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return ""


def read(git: Git, tag: str) -> tuple[str, JsonObject]:
    """Return the commit of a tag, and its certificate.

    Raises ``GitError`` if there is no such tag or no certificate in it.
    """
    name = f"refs/tags/{tag.removeprefix('refs/tags/')}"
    found = git.find(name)
    if not found:
        raise GitError(f"there is no tag {tag}")
    if git("cat-file", "-t", found) != "tag":
        raise GitError(f"the tag {tag} has no message, and so no certificate")
    message = git("cat-file", "tag", found).partition("\n\n")[2]
    return git.find(f"{found}^{{commit}}"), parsed(tag, message)


def has(git: Git, tag: str) -> bool:
    """Return whether the tag has a certificate."""
    try:
        read(git, tag)
    except GitError:
        return False
    return True


def all_of(git: Git, config: Mapping[str, str]) -> Iterator[tuple[str, JsonObject]]:
    """Yield every tag with a certificate, and the certificate. Raises ``GitError``."""
    form = "--format=%(objecttype)%00%(refname:strip=2)%00%(contents)%00"
    words = git("for-each-ref", form, *TAGS, config=config).split("\0")
    for kind, tag, text in zip(words[::3], words[1::3], words[2::3], strict=False):
        if kind.strip() == "tag":
            with suppress(GitError):
                yield tag, parsed(tag, text)


def parsed(tag: str, message: str) -> JsonObject:
    """Return the certificate in the message of a tag. Raises ``GitError`` if there is none."""
    try:
        facts: JsonObject = json.loads(message[message.index("{\n") :])
        sound = facts["version"] == VERSION and isinstance(facts["gates"], list)
        texts = [facts[key] for key in TEXTS]
        texts += [gate[key] for gate in facts["gates"] for key in OF_GATE]
        texts += [facts[key] for key in MAY_BE if key in facts]
        numbers = [gate[key] for gate in facts["gates"] for key in ("run", "exit_code")]
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise GitError(f"the tag {tag} has no certificate that can be read") from exc
    sound = sound and all(isinstance(one, str) and one.isprintable() for one in texts)
    if not sound or not all(type(number) is int for number in numbers):
        raise GitError(f"the tag {tag} has no certificate that can be read")
    return facts


def untrue(git: Git, commit: str, facts: JsonMapping) -> Iterator[str]:
    """Yield one line for each claim of a certificate that the repository contradicts."""
    if facts["commit"] != commit:
        yield f"it is of the commit {facts['commit'][:12]}, and its tag points at {commit[:12]}"
    if not SHA.fullmatch(commit):
        return
    tree, parents = git("show", "-s", "--format=%T|%P", commit).split("|")
    if facts["tree"] != tree:
        yield f"it is of the tree {facts['tree'][:12]}, and the commit has {tree[:12]}"
    base, head = facts["base"], facts["head"]
    if parents.split() != [base, head]:
        yield f"it is of a merge of {base[:12]} and {head[:12]}, and the commit is not"
    if not facts["gates"]:
        yield "no gate has passed"
    for gate in facts["gates"]:
        if gate["exit_code"] != 0:
            yield f"gate {gate['gate_id']} ended with {gate['exit_code']}"
        if gate["tree"] != tree:
            yield f"gate {gate['gate_id']} judged the tree {gate['tree'][:12]}, not {tree[:12]}"
