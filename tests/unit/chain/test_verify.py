# SPDX-License-Identifier: Apache-2.0
"""What `verify` says besides its word: findings, progress, bounds."""

import pytest

from ledger.chain.entry import Draft
from ledger.chain.hashing import leaf_hash
from ledger.chain.log import Log
from ledger.chain.storage.memory import MemoryStorage, MemoryView
from ledger.chain.verdict import MAX_FINDINGS
from ledger.chain.verify import verify


@pytest.fixture
def store(site_key, make_clock, make_drafts):
    found = MemoryStorage()
    Log.create(found, site_key, make_clock(), None, "x").append(make_drafts(1, 299))
    return found


@pytest.fixture
def judged(store, policy):
    def run(**options):
        return verify(MemoryView(store._state), **{"origin": None, "policy": policy, "pin": None, **options})

    return run


def test_progress_goes_from_the_first_chunk_to_the_end(store, judged, site_key, make_clock):
    Log(store, site_key, make_clock(), None).append([Draft("event", b"{}", "x", "typed")] * 5000)
    seen = []
    verdict = judged(progress=lambda done, total: seen.append((done, total)))
    assert (seen[0], seen[-1]) == ((256, 5300), (5300, 5300))
    assert seen == sorted(seen)
    assert (verdict.word, verdict.size) == ("ok", 5300)


def test_findings_are_bounded_and_sorted_and_the_first_is_kept(store, judged):
    with store.edit() as (rows, _):
        for seq in range(5, 300):
            rows[seq] = b"x"
    verdict = judged()
    assert len(verdict.findings) == MAX_FINDINGS
    assert [finding.seq for finding in verdict.findings] == list(range(5, 5 + MAX_FINDINGS))
    assert verdict.first_bad_seq == 5
    assert "leaf" not in {name for name, held, _ in verdict.checks if held}


def test_the_origin_that_was_expected_is_compared(judged, site_key):
    assert judged(origin=site_key.origin).word == "ok"
    verdict = judged(origin="acme.example/dc2")
    assert (verdict.word, verdict.origin) == ("tampered", "acme.example/dc1")
    assert [(finding.check, finding.kind) for finding in verdict.findings] == [("checkpoint", "origin")]


def test_an_empty_store_has_nothing_to_believe(policy):
    verdict = verify(MemoryView(MemoryStorage()._state), origin=None, policy=policy, pin=None)
    assert (verdict.word, verdict.size, verdict.anchor.kind) == ("tampered", 0, "none")
    assert [finding.kind for finding in verdict.findings] == ["missing"]


def test_the_root_accuses_the_last_entry_only_if_somebody_believed_signed_it(store, judged):
    with store.edit() as (rows, tiles):
        rows[299] = rows[299].replace(b"box-299", b"box-298")
        tiles[0, 1] = tiles[0, 1][:-32] + leaf_hash(rows[299])
    assert [(finding.kind, finding.seq) for finding in judged().findings] == [("root", 299)]
    assert [(finding.kind, finding.seq) for finding in judged(policy=None).findings] == [
        ("root", None),
        ("no policy", None),
    ]
    assert judged(policy=None).word == "tampered"


def test_verdict_names_the_key_the_head_and_the_anchor(judged, store, site_key):
    verdict = judged()
    assert verdict.key == site_key.verifier
    assert verdict.signed is not None
    assert verdict.signed.note == MemoryView(store._state).head()
    assert (verdict.root, verdict.size) == (verdict.signed.head.root, 300)
    assert (verdict.anchor.kind, verdict.anchor.size, verdict.anchor.root) == ("self", 300, verdict.root)
