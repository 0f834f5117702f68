"""Test that a certificate needs a human's approval of its tree, where the contract requires one."""

import hashlib
import json

import pytest

from sprints.git.certificate_check import PUBLISHES, CertificateCheck

TREE = "4" * 40
YES = {"what": "before_ship", "tree": TREE, "by": "ada", "ts": "2026-11-24T12:00:00Z"}
CONTRACT = {"gates": [], "approvals": {"before": ["before_ship"]}}


def missing(yes, named=(), contract=CONTRACT):
    """What the events do not bear out: a start, that yes, a publishing."""
    digest = hashlib.sha256(json.dumps(contract, sort_keys=True).encode()).hexdigest()
    same = {"branch": "main", "base": "b", "head": "h", "commit": "c", "tree": TREE}
    facts = {"sprint": "wk1", "chain": "last", "contract": digest, "gates": [], **same}
    told = CertificateCheck(facts | {"published_ts": "then", "approvals": [*named]})
    begun = {"digest": digest, "contract": contract}
    published = {**same, "since_ts": "then", "after": {}}
    for kind, data in (("note", begun), ("approved", yes), (PUBLISHES, published)):
        if data:
            event = {"sprint_id": "wk1", "round_id": "R5_RELEASE_CANDIDATE", "kind": kind}
            told.add({**event, "data": data, "hash": "last" if kind == PUBLISHES else "x"})
    return [*told.missing()]


def test_a_yes_to_that_tree_bears_it_out():
    assert missing(YES, [YES]) == []
    assert missing(None, contract={"gates": []}) == []


@pytest.mark.parametrize("yes", [None, YES | {"tree": "5" * 40}, YES | {"what": "before_build"}])
def test_without_one_it_is_untrue(yes):
    assert missing(yes) == ["nobody had approved the tree 444444444444 when it was published"]


def test_who_has_not_approved_cannot_be_named():
    assert missing(YES, [YES | {"by": "bob"}]) == [
        "no event tells that 'bob' approved the tree 444444444444"
    ]
