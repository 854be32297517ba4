# SPDX-License-Identifier: Apache-2.0
"""What an entry that begins an epoch may say, and what it may not."""

import copy

import pytest

from ledger.chain.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from ledger.chain.entry import draft, entry_bytes
from ledger.chain.epoch import MAX_KNOWN, Lost, epoch_body, find_epochs, root_from
from ledger.chain.errors import Refused
from ledger.chain.hashing import ZERO_HASH
from ledger.chain.keyring import follow_bodies
from ledger.chain.keys import make_key
from ledger.chain.policy import Policy
from ledger.chain.tree import Tree

ORIGIN = "acme.example/dc1"
LEAVES = [bytes([n]) * 32 for n in range(12)]
KEY = make_key(ORIGIN, random=lambda size: b"\x01" * size)
OTHER = make_key(ORIGIN, random=lambda size: b"\x02" * size)
POLICY = Policy(KEY.verifiers)


def root_of(size):
    tree = Tree()
    tree.extend(LEAVES[:size])
    return tree.root()


def head(size, key=KEY, origin=ORIGIN, root=None):
    return parse_checkpoint(sign_checkpoint(Checkpoint(origin, size, root or root_of(size)), key.signers))


def body(**changes):
    made = epoch_body(
        2,
        " disk failed ",
        kept=(5, root_of(5)),
        old=head(9),
        known=[Lost(5, "ab" * 32, "urn:uuid:1")],
        keys=KEY.verifiers,
        replaces=(),
    )
    return {**made, **changes}


def judged(*bodies, seqs=(5, 7), policy=POLICY, root_at=root_of):
    data = [
        (seq, entry_bytes(ZERO_HASH, seq, draft("key", one, by="me", via="typed"), "2026-03-01T08:15:00.000Z"))
        for seq, one in zip(seqs, bodies, strict=False)
    ]
    return find_epochs(data, ORIGIN, policy, root_at)


def test_an_epoch_says_what_was_given_up():
    (epoch,), faults = judged(body())
    assert faults == []
    assert (epoch.number, epoch.seq, epoch.reason, epoch.lost, epoch.old_believed) == (
        2,
        5,
        "disk failed",
        4,
        True,
    )
    assert [epoch.gives_up(size) for size in (5, 6, 9, 10)] == [False, True, True, False]


def test_a_head_of_an_unknown_key_is_not_called_believed():
    (epoch,), faults = judged(body(), policy=Policy(OTHER.verifiers))
    assert (epoch.old_believed, faults) == (False, [])
    assert judged(body(), policy=None)[0][0].old_believed is False


def forged_note():
    note = head(9).note
    start = note.rindex(" ") + 1
    return note[: start + 12] + ("A" if note[start + 12] != "A" else "B") + note[start + 13 :]


OLD = body()["old"]
WRONG = {
    "another root is kept": {"kept": {"size": 5, "root": root_of(4).hex()}},
    "another size is kept": {"kept": {"size": 4, "root": root_of(4).hex()}},
    "the number": {"epoch": 3},
    "a number that is none": {"epoch": "2"},
    "the old size": {"old": {**OLD, "size": 10}},
    "the old root": {"old": {**OLD, "root": root_of(8).hex()}},
    "the old head is of another log": {
        "old": {"size": 9, "root": root_of(9).hex(), "note": head(9, make_key("b.example/x"), "b.example/x").note}
    },
    "the old head is older": {"old": {"size": 4, "root": root_of(4).hex(), "note": head(4).note}},
    "the old head contradicts what is kept": {
        "old": {"size": 5, "root": "00" * 32, "note": head(5, root=bytes(32)).note}
    },
    "the signature of the old head is forged": {"old": {**OLD, "note": forged_note()}},
    "the old head is no note": {"old": {**OLD, "note": "acme.example/dc1"}},
    "the old head is no text": {"old": {**OLD, "note": 5}},
    "the old head is missing": {"old": None},
    "what is lost is counted wrongly": {"lost": {"first": 5, "count": 3, "known": []}},
    "what is lost begins elsewhere": {"lost": {"first": 6, "count": 4, "known": []}},
    "what is lost is missing": {"lost": {}},
    "the reason is no text": {"reason": None},
    "a word too many": {"trust": "me"},
    "the reason looks like another line": {"reason": "well\nOK"},
    "the reason is long": {"reason": "x" * 501},
    "the note is a list": {"old": {**OLD, "note": []}},
    "the old size is true": {"old": {**OLD, "size": True}},
    "the old root is a number": {"old": {**OLD, "root": 5}},
    "what is kept is a list": {"kept": []},
    "the keys are none": {"keys": None},
    "the keys are numbers": {"keys": [5]},
    "what is known of the lost is a number": {"lost": {"first": 5, "count": 4, "known": 5}},
    "a lost entry without its leaf": {"lost": {"first": 5, "count": 4, "known": [{"seq": 5}]}},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_an_epoch_that_does_not_hold_is_named(changes):
    epochs, faults = judged(body(**copy.deepcopy(changes)))
    assert (epochs, [fault.seq for fault in faults]) == ((), [5])


def test_epochs_are_numbered_one_after_the_other():
    second = epoch_body(3, "again", kept=(7, root_of(7)), old=head(7), known=(), keys=KEY.verifiers, replaces=())
    epochs, faults = judged(body(), second)
    assert ([epoch.number for epoch in epochs], faults) == ([2, 3], [])
    assert [fault.seq for fault in judged(body(), {**second, "epoch": 2})[1]] == [7]


def test_a_reason_is_needed_and_an_old_head_is_not_older():
    with pytest.raises(Refused, match="reason"):
        epoch_body(2, " ", kept=(5, root_of(5)), old=head(9), known=(), keys=(), replaces=())
    with pytest.raises(Refused, match="old head"):
        epoch_body(2, "x", kept=(5, root_of(5)), old=head(4), known=(), keys=(), replaces=())


def test_what_is_known_of_the_lost_is_bounded():
    known = [Lost(5 + n, "ab" * 32) for n in range(MAX_KNOWN + 1)]
    made = epoch_body(2, "x", kept=(5, root_of(5)), old=head(9), known=known, keys=(), replaces=())
    assert len(made["lost"]["known"]) == MAX_KNOWN


def test_replaced_keys_end_and_new_ones_are_granted_nothing():
    made = body(replaces=[str(KEY.verifier)], keys=[str(OTHER.verifier)])
    ring, faults = follow_bodies(Policy(KEY.verifiers), ORIGIN, [(5, made)])
    assert faults == []
    assert (ring.may_sign(KEY.verifier, 5), ring.may_sign(KEY.verifier, 6)) == (True, False)
    assert OTHER.verifier not in ring.keys
    both, _ = follow_bodies(Policy((KEY.verifier, OTHER.verifier)), ORIGIN, [(5, made)])
    assert both.may_sign(OTHER.verifier, 6)


@pytest.mark.parametrize("replaces", [None, "x", [5], ["acme.example/dc1+00000000+AAAA"]])
def test_malformed_replacements_are_faults(replaces):
    _, faults = follow_bodies(Policy(KEY.verifiers), ORIGIN, [(5, body(replaces=replaces))])
    assert [fault.seq for fault in faults] == [5]


def test_roots_of_any_size_come_out_of_the_tiles():
    leaves = [bytes([n % 256]) * 16 + n.to_bytes(16, "big") for n in range(700)]
    tree = Tree()
    tree.extend(leaves)
    tiles = tree.take_changed()
    root_at = root_from(lambda level, n: tiles.get((level, n)), 700)
    for size in (1, 2, 255, 256, 257, 511, 512, 513, 699, 700):
        partial = Tree()
        partial.extend(leaves[:size])
        assert root_at(size) == partial.root(), size
    assert root_at(0) is root_at(701) is None
