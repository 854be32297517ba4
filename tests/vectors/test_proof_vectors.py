# SPDX-License-Identifier: Apache-2.0
"""Inclusion, consistency and tlog-proof vectors that others wrote."""

import base64

import pytest

from ledger.chain.errors import Refused
from ledger.chain.proof import verify_consistency, verify_inclusion, verify_subtree_consistency
from ledger.chain.receipt import parse_proof, write_proof


def _bytes(text):
    return base64.b64decode(text or "")


def _proof(case):
    return [_bytes(text) for text in case["proof"] or []]


# The upstream verifier takes "no hash at all" for root and leaf as equal; a hash of no bytes is none here.
INCLUSION_EXCEPTIONS = {"testdata/inclusion/single-entry/empty-root-and-leaf.json"}


def test_inclusion_proofs(vectors):
    cases = vectors("merkle_inclusion.json")
    wrong = [
        case["path"]
        for case in cases
        if verify_inclusion(
            case["leafIdx"], case["treeSize"], _bytes(case["leafHash"]), _proof(case), _bytes(case["root"])
        )
        is case["wantErr"]
    ]
    assert set(wrong) <= INCLUSION_EXCEPTIONS
    assert len(cases) > 40


def test_subtree_inclusion_is_inclusion_in_the_subtree(vectors):
    cases = vectors("merkle_subtreeinclusion.json")
    wrong = [
        case["path"]
        for case in cases
        if verify_inclusion(
            case["leafIdx"] - case["start"],
            case["end"] - case["start"],
            _bytes(case["leafHash"]),
            _proof(case),
            _bytes(case["root"]),
        )
        is case["wantErr"]
    ]
    assert [path for path in wrong if "empty-root-and-leaf" not in path] == []
    assert len(cases) > 90


# No leaves at all are a part of everything, so that would prove nothing; and a hash of twelve bytes is none.
SUBTREE_EXCEPTIONS = {
    f"testdata/subtreeconsistency/additional/{name}.json"
    for name in (
        "sizes-are-equal-one-and-proof-is-empty",
        "subtree-is-empty-sizes-are-equal-one-subtree-root-valid-proof-is-empty",
        "subtree-is-empty-sizes-are-equal-one-subtree-root-valid-tree-root-random-proof-is-empty",
        "subtree-is-empty-sizes-are-equal-zero-subtree-root-valid-proof-is-empty",
        "subtree-is-empty-subtree-root-valid-proof-is-empty",
    )
}


def test_subtree_consistency_proofs(vectors):
    cases = vectors("merkle_subtreeconsistency.json")
    wrong = [
        case["path"]
        for case in cases
        if verify_subtree_consistency(
            case["start"], case["end"], case["size"], _proof(case), _bytes(case["root1"]), _bytes(case["root2"])
        )
        is case["wantErr"]
    ]
    assert set(wrong) <= SUBTREE_EXCEPTIONS
    assert len(cases) > 60


def test_consistency_proofs(vectors):
    cases = vectors("merkle_consistency.json")
    wrong = [
        case["path"]
        for case in cases
        if verify_consistency(
            case["size1"], case["size2"], _proof(case), _bytes(case["root1"]), _bytes(case["root2"])
        )
        is case["wantErr"]
    ]
    assert wrong == []
    assert len(cases) > 40


def test_tlog_proofs(vectors):
    cases = vectors("signed_notes.json")["tlog_proofs"]
    for case in cases:
        if case["expect"] == "parse":
            assert write_proof(parse_proof(case["text"])) == case["text"], case["desc"]
        else:
            with pytest.raises(Refused):
                parse_proof(case["text"])
    assert cases
