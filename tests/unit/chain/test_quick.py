# SPDX-License-Identifier: Apache-2.0
"""Quick verification: what it looks at, what it leaves for another day, and that it agrees with the full one."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.chain.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from ledger.chain.entry import draft
from ledger.chain.log import Log
from ledger.chain.policy import Policy
from ledger.chain.quick import MAX_ROLLING, MONTH, rolling_days, rolling_tiles, verify_quick
from ledger.chain.rotation import rotate
from ledger.chain.storage.memory import MemoryStorage, MemoryView
from ledger.chain.tree import root_of, split_hashes
from ledger.chain.verify import verify

OLD, NEW = 700, 40
SIZE = OLD + NEW


@pytest.fixture
def grown(site_key, make_clock, make_drafts):
    """A log of 700 entries, the pin of that size, and 40 entries after it."""
    store = MemoryStorage()
    log = Log.create(store, site_key, make_clock(), None, "x")
    pin = parse_checkpoint(log.append(make_drafts(1, OLD - 1)).note)
    log.append(make_drafts(OLD, NEW))
    return store, pin


@pytest.fixture
def quick(grown, policy):
    store, pin = grown

    def run(**options):
        given = {"origin": None, "policy": policy, "pin": pin, "day": 0, **options}
        return verify_quick(MemoryView(store._state), **given)

    return run


class CountingView(MemoryView):
    """Counts the entries that are read."""

    read = 0

    def entries(self, start=None, stop=None):
        for row in super().entries(start, stop):
            self.read += 1
            yield row

    def entry(self, seq):
        self.read += 1
        return super().entry(seq)


# What is chosen of the old.


@given(st.integers(0, 20_000), st.integers(0, 800_000))
@settings(max_examples=60, deadline=None)
def test_every_old_tile_has_its_turn_and_a_day_has_a_bound(tiles, today):
    days = rolling_days(tiles)
    turns = [list(rolling_tiles(today + day, tiles)) for day in range(days)]
    assert sorted(n for chosen in turns for n in chosen) == list(range(tiles))
    assert max(map(len, turns), default=0) <= MAX_ROLLING
    assert days <= MONTH or tiles > MONTH * MAX_ROLLING


def test_growth_puts_nobody_off_for_longer_than_the_round():
    seen, tiles = set(), 150
    for day in range(rolling_days(240)):
        seen |= set(rolling_tiles(day, tiles))
        tiles += 3
    assert set(range(150)) <= seen


# What is verified.


def test_only_the_new_and_the_days_part_of_the_old_are_read(grown, policy, monkeypatch):
    monkeypatch.setattr("ledger.chain.quick.MAX_ROLLING", 1)
    store, pin = grown
    view = CountingView(store._state)
    found = verify_quick(view, origin=None, policy=policy, pin=pin, day=1)
    assert (found.verdict.word, found.full_because) == ("ok", "")
    assert (found.new, found.rolled, found.old_tiles, found.days) == (NEW, 1, 3, 5)
    assert view.read == NEW + 256 + 2  # with the entries before the first new one and before the old tile


def test_the_verdict_names_pin_head_and_counts(quick, grown, site_key):
    found = quick()
    verdict = found.verdict
    assert (verdict.word, verdict.size, verdict.first_bad_seq, verdict.findings) == ("ok", SIZE, None, ())
    assert (verdict.anchor.kind, verdict.anchor.size, verdict.anchor.root) == ("pinned", OLD, grown[1].head.root)
    assert verdict.key == site_key.verifier
    assert verdict.signed is not None
    assert verdict.signed.head.size == SIZE
    counts = {name: count for name, held, count in verdict.checks if held}
    assert counts["leaf"] == counts["chain"] == counts["order"] == SIZE
    assert counts["private"] == sum(1 for number in range(1, SIZE) if number % 10 == 0)
    assert (found.rolled, found.old_tiles, found.days) == (3, 3, 1)


@pytest.mark.parametrize(("options", "why"), [({"pin": None}, "no head"), ({"policy": None}, "no trust policy")])
def test_without_pin_or_policy_everything_is_verified_and_it_says_so(quick, grown, policy, options, why):
    found = quick(**options)
    assert why in found.full_because
    given_ = {"origin": None, "policy": policy, "pin": grown[1], **options}
    assert found.verdict == verify(MemoryView(grown[0]._state), **given_)


def test_nothing_new_is_fine(quick, grown):
    head = parse_checkpoint(MemoryView(grown[0]._state).head())
    found = quick(pin=head)
    assert (found.full_because, found.new, found.verdict.anchor.size) == ("", 0, SIZE)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 512, 700, SIZE - 1, SIZE])
def test_a_pin_of_any_size_will_do(quick, grown, site_key, size):
    leaves = split_hashes(
        b"".join(data for (level, _), data in sorted(grown[0]._state.hashes.items()) if level == 0)
    )
    head = Checkpoint(site_key.origin, size, root_of(leaves[:size]))
    found = quick(pin=parse_checkpoint(sign_checkpoint(head, [site_key.signer])))
    assert (found.full_because, found.verdict.word, found.new) == ("", "ok", SIZE - size)


def test_a05_an_invented_pin_is_no_anchor(quick, make_key):
    head = Checkpoint("acme.example/dc1", OLD, bytes(32))
    found = quick(pin=parse_checkpoint(sign_checkpoint(head, [make_key(seed=9).signer])))
    assert found.full_because
    assert found.verdict.word == "untrusted"


def test_another_key_is_not_believed(quick, make_key):
    assert quick(policy=Policy((make_key(seed=9).verifier,))).verdict.word == "untrusted"


def test_a_change_in_the_old_is_seen_when_its_day_comes(grown, policy, monkeypatch):
    monkeypatch.setattr("ledger.chain.quick.MAX_ROLLING", 1)
    store, pin = grown
    with store.edit() as (rows, _):
        rows[300] = rows[300].replace(b"box-300", b"box-3OO")
    view = MemoryView(store._state)
    found = [verify_quick(view, origin=None, policy=policy, pin=pin, day=day).verdict for day in range(5)]
    assert [verdict.word for verdict in found] == ["ok", "tampered", "ok", "ok", "ok"]
    assert found[1].first_bad_seq == 300


def test_a_value_erased_for_a_reason_is_no_fault(grown, policy, site_key, make_clock):
    store, pin = grown
    digest = next(iter(store._state.values))
    body = {"digests": [{"_commit": digest.hex()}], "field": "contact", "reason": "asked for", "seq": 10}
    Log(store, site_key, make_clock(), None).append([draft("erase", body, by="x", via="typed")])
    del store._state.values[digest]
    found = verify_quick(MemoryView(store._state), origin=None, policy=policy, pin=pin, day=0)
    assert (found.verdict.word, found.full_because) == ("ok", "")


# The life of keys.


def key_seqs(view):
    return [seq for seq, data in view.entries() if b'"kind":"key"' in data]


@pytest.fixture
def rotated(grown, site_key, make_key, make_clock, make_drafts):
    """The same log, gone on under a second key; its pin is older than that."""
    store, pin = grown
    clock, new = make_clock(), make_key(seed=2)
    rotate(Log(store, site_key, clock, None), site_key, new, by="x", seqs=key_seqs)
    Log(store, new, clock, None).append(make_drafts(SIZE + 1, 20))
    return store, pin, new


def test_a_rotation_among_the_new_is_followed(rotated, policy):
    store, pin, new = rotated
    view = MemoryView(store._state)
    found = verify_quick(view, origin=None, policy=policy, pin=pin, day=0, key_seqs=key_seqs(view))
    assert (found.verdict.word, found.full_because, found.verdict.key) == ("ok", "", new.verifier)
    hidden = verify_quick(view, origin=None, policy=policy, pin=pin, day=0)
    assert hidden.full_because
    assert hidden.verdict.word == "ok"


def test_a_rotation_before_the_pin_is_followed(rotated, policy, make_clock, make_drafts):
    store, _, new = rotated
    pin = parse_checkpoint(MemoryView(store._state).head())
    Log(store, new, make_clock(), None).append(make_drafts(SIZE + 21, 20))
    view = MemoryView(store._state)
    found = verify_quick(view, origin=None, policy=policy, pin=pin, day=0, key_seqs=key_seqs(view))
    assert (found.verdict.word, found.full_because, found.new) == ("ok", "", 20)


def test_a_replaced_key_comes_not_back_when_its_rotation_is_hidden(
    rotated, policy, site_key, make_clock, make_drafts
):
    """The thief of the old key signs on and takes the rotation out of the index, which nobody trusts."""
    store, _, new = rotated
    pin = parse_checkpoint(MemoryView(store._state).head())
    log = Log(store, new, make_clock(), None)
    log.append(make_drafts(SIZE + 21, 5))
    view = MemoryView(store._state)
    head = parse_checkpoint(view.head()).head
    store._state.heads[head.size] = (sign_checkpoint(head, [site_key.signer]), "2026-04-01", False)
    for seqs in ((), (0,), key_seqs(view)):
        found = verify_quick(view, origin=None, policy=policy, pin=pin, day=0, key_seqs=seqs)
        assert found.verdict.word == "untrusted"


# It agrees with the full verification, whatever is done to what is new.


def _leaf(rows, tiles, rng):
    n = rng.choice(sorted(key for key in tiles if key[0] == 0))
    at = rng.randrange(len(tiles[n]))
    tiles[n] = tiles[n][:at] + bytes([tiles[n][at] ^ 1]) + tiles[n][at + 1 :]


def _byte(rows, tiles, rng):
    seq = rng.randrange(SIZE)
    at = rng.randrange(len(rows[seq]))
    rows[seq] = rows[seq][:at] + bytes([rows[seq][at] ^ (1 << rng.randrange(8))]) + rows[seq][at + 1 :]


def _delete(rows, tiles, rng):
    del rows[rng.randrange(SIZE)]


def _cut(rows, tiles, rng):
    for seq in range(rng.randrange(1, SIZE), SIZE):
        del rows[seq]


def _swap(rows, tiles, rng):
    one, two = rng.sample(range(SIZE), 2)
    rows[one], rows[two] = rows[two], rows[one]


def _add(rows, tiles, rng):
    rows[rng.choice([SIZE, SIZE + 7, -1])] = rows[rng.randrange(SIZE)]


def _nothing(rows, tiles, rng):
    pass


@pytest.mark.parametrize("attack", [_nothing, _byte, _leaf, _delete, _cut, _swap, _add])
@pytest.mark.parametrize("seed", range(8))
def test_it_agrees_with_the_full_verification(grown, policy, attack, seed):
    """Here the old part is small enough to be verified every day, so nothing may be missed."""
    store, pin = grown
    with store.edit() as (rows, tiles):
        attack(rows, tiles, random.Random(f"{attack.__name__}{seed}"))
    view = MemoryView(store._state)
    full = verify(view, origin=None, policy=policy, pin=pin)
    found = verify_quick(view, origin=None, policy=policy, pin=pin, day=seed)
    assert (found.verdict.word, found.verdict.first_bad_seq) == (full.word, full.first_bad_seq)
    assert (full.word == "ok") == (attack is _nothing) == (found.full_because == "")
    if full.word != "ok":
        assert found.verdict == full


@pytest.mark.parametrize("attack", [_byte, _delete, _swap])
@pytest.mark.parametrize("seed", range(6))
def test_what_is_new_is_never_missed_however_old_the_rest(grown, policy, monkeypatch, attack, seed):
    monkeypatch.setattr("ledger.chain.quick.rolling_tiles", lambda _day, _tiles, _most: range(0))
    store, pin = grown
    with store.edit() as (rows, tiles):
        new = {seq - OLD: rows[seq] for seq in range(OLD, SIZE)}
        monkeypatch.setattr(f"{__name__}.SIZE", NEW)
        attack(new, tiles, random.Random(seed))
        for seq in range(OLD, OLD + NEW):
            rows.pop(seq)
        rows.update({seq + OLD: data for seq, data in new.items()})
    view = MemoryView(store._state)
    full = verify(view, origin=None, policy=policy, pin=pin)
    assert full.word == "tampered"
    assert verify_quick(view, origin=None, policy=policy, pin=pin, day=0).verdict == full
