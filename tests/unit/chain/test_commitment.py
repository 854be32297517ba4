# SPDX-License-Identifier: Apache-2.0
"""Commitments to private values."""

import random
from decimal import Decimal
from hashlib import sha256

import pytest

from ledger.chain.canonical import encode
from ledger.chain.commitment import commit, commitment_digest, find_commitments, is_commitment, refuse_reserved
from ledger.chain.errors import BadJson, Refused


def test_a_commitment_is_the_hash_of_salt_and_canonical_value():
    stands, held = commit({"b": Decimal("1.50"), "a": "é"}, random=random.Random(1).randbytes)
    salt = random.Random(1).randbytes(16)
    assert (held.salt, held.data) == (salt, b'{"a":"\xc3\xa9","b":1.5}')
    assert held.digest == sha256(salt + held.data).digest() == commitment_digest(held.salt, held.data)
    assert stands == {"_commit": held.digest.hex()}
    assert is_commitment(stands)


def test_equal_values_have_different_commitments():
    found = {commit("x")[0]["_commit"] for _ in range(20)}
    assert len(found) == 20
    assert len(commit("x")[1].salt) == 16


def test_all_commitments_in_the_bytes_of_an_entry_are_found():
    one, two = commit(1)[0], commit(2)[0]
    data = encode({"a": one, "b": [{"deep": two}, one], "c": "text"})
    assert [digest.hex() for digest in find_commitments(data)] == [one["_commit"], two["_commit"], one["_commit"]]


def test_text_cannot_pass_for_a_commitment():
    shown = encode(commit(1)[0]).decode()
    assert list(find_commitments(encode({"a": shown, shown: "b"}))) == []
    assert list(find_commitments(encode({"a": {"_commit": "xyz"}}))) == []


def test_values_without_canonical_form_cannot_be_committed():
    with pytest.raises(BadJson):
        commit(0.5)


@pytest.mark.parametrize(
    "value", [{"_commit": "00" * 32}, {"a": [1, {"b": {"_commit": 1}}]}, [[{"_commit": None, "x": 1}]]]
)
def test_outsiders_may_not_use_the_reserved_key(value):
    with pytest.raises(Refused, match="_commit"):
        refuse_reserved(value)


def test_anything_else_passes():
    refuse_reserved({"commit": 1, "a": ["_commit", {"__commit": "_commit"}], "b": None})
    assert not is_commitment({"_commit": "x", "y": 1})
    assert not is_commitment(["_commit"])
    assert not is_commitment({})
