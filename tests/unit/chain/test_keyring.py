# SPDX-License-Identifier: Apache-2.0
"""The life of keys: rotation and revocation, written, followed and judged by position."""

import base64

import pytest

from ledger.chain import rotation
from ledger.chain.checkpoint import parse_checkpoint
from ledger.chain.entry import draft, is_plain_event
from ledger.chain.errors import KeyUnavailable, Refused, Untrue
from ledger.chain.keyring import follow, follow_bodies, revocation_body, rotation_body, rotation_text
from ledger.chain.keys import key_path, load_key, make_key, next_path, settle_rotation
from ledger.chain.log import Log
from ledger.chain.policy import NotBelievedError, Policy, add_to_policy, believe, create_policy, load_policy
from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.memory import MemoryStorage
from ledger.chain.verify import verify

ORIGIN = "acme.example/dc1"


def key_seqs(view):
    return [seq for seq, data in view.entries() if not is_plain_event(data)]


class Site:
    """A log in memory with some keys in waiting."""

    def __init__(self, clock, make_drafts, hybrid):
        self.keys = [
            make_key(ORIGIN, hybrid=hybrid, random=lambda size, fill=fill: bytes([fill]) * size)
            for fill in range(1, 6)
        ]
        self.store = MemoryStorage()
        self.clock, self.make_drafts = clock, make_drafts
        self.log = Log.create(self.store, self.keys[0], clock, None, "setup")
        self.present = self.keys[0]

    def add(self, count=2):
        self.log.append(self.make_drafts(self.log.size, count))

    def rotate(self, number):
        new = self.keys[number]
        found = rotation.rotate(self.log, self.present, new, by="chief", seqs=key_seqs)
        self.present = new
        return found

    def revoke(self, number, last_size, half=0):
        return rotation.revoke(
            self.log, self.keys[number].verifiers[half], last_size, "stolen", by="chief", seqs=key_seqs
        )

    def policy(self, *numbers):
        return Policy(tuple(key for number in numbers for key in self.keys[number].verifiers))

    def verdict(self, *numbers, pin=None):
        with self.store.snapshot() as view:
            return verify(view, origin=ORIGIN, policy=self.policy(*numbers), pin=pin)

    def read(self, *numbers):
        with self.store.snapshot() as view:
            return AuthenticReader(view, origin=ORIGIN, policy=self.policy(*numbers), key_seqs=key_seqs(view))


@pytest.fixture(params=[False, True], ids=["plain", "hybrid"])
def site(request, make_clock, make_drafts):
    return Site(make_clock(), make_drafts, request.param)


def test_old_policies_follow_to_the_newest_key(site):
    site.add()
    first = parse_checkpoint(site.rotate(1).note)
    site.add()
    second = parse_checkpoint(site.rotate(2).note)
    site.add()
    for numbers in ((0,), (1,), (2,), (0, 1), (0, 1, 2)):
        verdict = site.verdict(*numbers)
        assert (verdict.word, verdict.key) == ("ok", site.keys[2].verifier), verdict.findings
        assert site.read(*numbers).size == site.log.size
    for number, signed in ((0, first), (1, second)):
        for signer in (number, number + 1):
            assert believe(signed, site.policy(signer)) == list(site.keys[signer].verifiers)
    assert site.verdict(0, pin=first).word == "ok"
    assert site.verdict(3).word == "untrusted"
    with pytest.raises(Untrue):
        site.read(3)


def test_a_reader_without_the_index_does_not_follow(site):
    site.rotate(1)
    site.add()
    with site.store.snapshot() as view:
        with pytest.raises(Untrue, match="no key that the policy believes"):
            AuthenticReader(view, origin=ORIGIN, policy=site.policy(0))
        assert AuthenticReader(view, origin=ORIGIN, policy=site.policy(1)).size == site.log.size


def test_an_old_key_signs_no_more(site):
    other = Log(site.store, site.keys[0], site.clock, None)
    site.rotate(1)
    for use in (
        lambda: other.append(site.make_drafts(50, 1)),
        lambda: Log(site.store, site.keys[0], site.clock, None),
    ):
        with pytest.raises(KeyUnavailable, match="replaced by entry"):
            use()
    site.add()
    with pytest.raises(Untrue):
        Log(site.store, site.keys[0], site.clock, None)
    assert site.verdict(0).word == "ok"


def test_a_checkpoint_by_a_retired_key_is_not_believed(site):
    site.add()
    site.rotate(1)
    size = site.log.size
    site.log._key = site.keys[0]  # a thief of the old key goes on
    site.log._follow = lambda view: None
    site.add()
    for numbers in ((0,), (0, 1)):
        verdict = site.verdict(*numbers)
        assert (verdict.word, {finding.kind for finding in verdict.findings}) == ("untrusted", {"revoked"})
        with pytest.raises(Untrue, match=f"sizes 0 to {size if not site.present.second else size - 1}"):
            site.read(*numbers)


def test_a_revoked_key_counts_up_to_its_last_size(site):
    site.add(4)
    old = parse_checkpoint(site.log._note)
    site.add(4)
    late = parse_checkpoint(site.log._note)
    site.rotate(1)
    site.revoke(0, old.head.size)
    site.add()
    verdict = site.verdict(0, 1)
    assert (verdict.word, verdict.key) == ("ok", site.keys[1].verifier)
    ring = site.read(0, 1).policy
    assert believe(old, ring)
    with pytest.raises(NotBelievedError) as refused:
        believe(late, ring)
    assert refused.value.kind in {"revoked", "downgrade"}
    assert site.verdict(0, 1, pin=old).word == "ok"
    assert site.verdict(0, 1, pin=late).word == "untrusted"
    # Who knows only the key that was not good any more when it was replaced has nobody to follow.
    assert site.verdict(0).word == "untrusted"
    assert site.verdict(1).word == "ok"


def test_a_key_that_was_revoked_after_its_rotation_is_followed(site):
    site.add()
    at = site.rotate(1).first
    site.revoke(0, at)
    site.add()
    assert site.verdict(0).word == site.verdict(1).word == site.verdict(0, 1).word == "ok"


def test_a_key_cannot_revoke_itself(site):
    site.add()
    for size in (0, site.log.size):
        with pytest.raises(Refused, match="cannot revoke itself"):
            site.revoke(0, size)
    with pytest.raises(Refused, match="future"):
        site.revoke(1, site.log.size + 1)
    assert site.log.size == 3


def test_a_key_is_used_once(site):
    """K15: rotate twice in one batch works; to a key that was used before is refused."""
    site.rotate(1)
    for number in (0, 1):
        size = site.log.size
        with pytest.raises(Refused, match=r"used before|replaced before"):
            site.rotate(number)
        assert site.log.size == size
    site.revoke(3, 0)
    with pytest.raises(Refused, match="used before"):
        site.rotate(3)
    assert site.verdict(0).word == "ok"


def test_two_rotations_in_one_batch(site):
    """K15."""
    steps = [
        pair
        for old, new in ((0, 1), (1, 2))
        for pair in zip(site.keys[old].signers, site.keys[new].signers, strict=True)
    ]
    rotation.append_key_entries(
        site.log,
        lambda first: [rotation_body(ORIGIN, seq, *pair) for seq, pair in enumerate(steps, first)],
        by="chief",
        seqs=key_seqs,
        new=site.keys[2],
    )
    site.add()
    assert [site.verdict(number).word for number in (0, 1, 2)] == ["ok", "ok", "ok"]


def test_a_plain_key_does_not_become_half_a_hybrid(site):
    other = make_key(ORIGIN, hybrid=site.present.second is None)
    with pytest.raises(Refused, match="hybrid"):
        rotation.rotate(site.log, site.present, other, by="x", seqs=key_seqs)


def test_what_both_keys_sign(site):
    old, new = site.keys[0].signer, site.keys[1].signer
    body = rotation_body(ORIGIN, 7, old, new)
    text = f"trace/key-rotation/v1\n{ORIGIN}\n7\n{site.keys[0].verifier}\n{site.keys[1].verifier}\n"
    assert rotation_text(ORIGIN, 7, site.keys[0].verifier, site.keys[1].verifier) == text
    for key, name in ((site.keys[0], "old_signature"), (site.keys[1], "new_signature")):
        assert key.verifier.verify(text.encode(), base64.b64decode(body[name]))


def bad_rotations(site):
    old, new, other = (key.signer for key in site.keys[:3])
    good = rotation_body(ORIGIN, 1, old, new)
    elsewhere = rotation_body("acme.example/dc2", 1, old, new)
    return {
        "not by the old key": {**good, "old_signature": rotation_body(ORIGIN, 1, other, new)["old_signature"]},
        "no possession": {**good, "new_signature": good["old_signature"]},
        "other place": rotation_body(ORIGIN, 2, old, new),
        "other log": {**good, "old_signature": elsewhere["old_signature"]},
        "other log's keys": elsewhere,
        "no signature": {name: value for name, value in good.items() if name != "new_signature"},
        "more": {**good, "note": "x"},
        "odd base64": {**good, "old_signature": good["old_signature"].rstrip("=")},
        "no text": {**good, "old_signature": 7},
        "no key": {**good, "rotate": "x"},
        "itself": rotation_body(ORIGIN, 1, old, old),
        "size as text": {**revocation_body(site.keys[1].verifier, 0, "x"), "last_size": "0"},
        "size yes": {**revocation_body(site.keys[1].verifier, 0, "x"), "last_size": True},
        "size below": revocation_body(site.keys[1].verifier, -1, "x"),
        "size ahead": revocation_body(site.keys[1].verifier, 2, "x"),
    }


BAD = """not by the old key, no possession, other place, other log, other log's keys, no signature, more,
    odd base64, no text, no key, itself, size as text, size yes, size below, size ahead"""


@pytest.mark.parametrize("name", [" ".join(name.split()) for name in BAD.split(",")])
def test_entries_that_do_not_hold(site, name):
    """K13, K14: refused on write, untrusted when somebody wrote them all the same."""
    body = bad_rotations(site)[name]
    with pytest.raises(Refused):
        rotation.append_key_entries(site.log, lambda first: [body], by="x", seqs=key_seqs, new=site.keys[1])
    assert site.log.size == 1
    site.log.append([draft("key", body, by="x", via="typed")])
    verdict = site.verdict(0)
    assert (verdict.word, verdict.first_bad_seq) == ("untrusted", 1)
    assert [finding.kind for finding in verdict.findings] == ["rotation"]
    with pytest.raises(Untrue, match="key entry 1"):
        site.read(0)


def test_key_entries_are_read_as_they_lie(site):
    assert follow_bodies(site.policy(0), ORIGIN, []) == (site.policy(0), [])
    believed, faults = follow(site.policy(0), ORIGIN, [(1, b"{}"), (2, b'{"kind":"key"')])
    assert believed == site.policy(0)
    assert [fault.seq for fault in faults] == [1, 2]


def test_a_rotation_that_was_cut_off_is_finished(tmp_path, site):
    for number, path in ((0, key_path), (1, next_path)):
        file = path(tmp_path, ORIGIN)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(site.keys[number].text)
        file.chmod(0o600)
    assert not settle_rotation(tmp_path, ORIGIN, site.log._note)
    assert load_key(tmp_path, ORIGIN).verifiers == site.keys[0].verifiers
    site.rotate(1)
    assert settle_rotation(tmp_path, ORIGIN, site.log._note)
    assert load_key(tmp_path, ORIGIN).verifiers == site.keys[1].verifiers
    assert not next_path(tmp_path, ORIGIN).exists()


def test_a_policy_grows(tmp_path, site):
    create_policy(tmp_path, ORIGIN, *site.keys[0].verifiers)
    for _ in range(2):
        add_to_policy(tmp_path, ORIGIN, site.keys[1].verifiers)
        assert set(load_policy(tmp_path, ORIGIN).keys) == set(site.policy(0, 1).keys)
