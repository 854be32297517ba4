# SPDX-License-Identifier: Apache-2.0
"""Published Ed25519 vectors: which keys may ever be one of ours, and which signatures hold."""

from ledger.chain.errors import Refused
from ledger.chain.signers.ed25519 import check_public, verify


def may_be_a_key(raw):
    try:
        return check_public(raw) == raw
    except Refused:
        return False


def test_no_key_of_small_order_or_odd_encoding(vectors):
    bad = {"low_order_A", "non_canonical_A"}
    cases = vectors("cctv_ed25519.min.json")
    wrong = [
        case["number"]
        for case in cases
        if may_be_a_key(bytes.fromhex(case["key"])) == bool(bad & set(case["flags"] or ()))
    ]
    assert wrong == []
    assert {flag for case in cases for flag in case["flags"] or ()} >= bad


def test_signatures_of_wycheproof(vectors):
    groups = vectors("wycheproof_ed25519_test.min.json")["testGroups"]
    wrong, results = [], set()
    for group in groups:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            held = may_be_a_key(public) and verify(public, bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
            results.add(case["result"])
            if held != (case["result"] == "valid"):
                wrong.append(case["tcId"])
    assert wrong == []
    assert results == {"valid", "invalid"}
