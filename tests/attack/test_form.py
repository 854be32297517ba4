# SPDX-License-Identifier: Apache-2.0
"""C14: a signer that signs entries which are not in canonical form. Only the strict pass sees it."""

import pytest

from ledger.chain.checkpoint import Checkpoint, sign_checkpoint
from ledger.chain.form import judge_form
from ledger.chain.hashing import leaf_hash
from ledger.chain.log import Log
from ledger.chain.policy import Policy
from ledger.chain.storage.memory import MemoryStorage
from ledger.chain.tree import Tree
from ledger.chain.verify import verify

BENT = {
    "white space": lambda data: data.replace(b'"item":', b'"item": ', 1),
    "order of keys": lambda data: data.replace(b'"via":"scanned"}', b'"rec":"x","via":"scanned"}', 1),
    "a number in another spelling": lambda data: data.replace(b'"quantity":0.5', b'"quantity":0.50', 1),
    "an escape that is not needed": lambda data: data.replace(b"box-5", b"box\\u002d5", 1),
    "no JSON at all": lambda data: data.replace(b'"kind":"event"', b'"kind":event!', 1),
}


def signed_over(rows, key):
    """Chain, hash and sign rows as a signer would that does not care for their form."""
    storage = MemoryStorage()
    tree = Tree()
    tree.extend([leaf_hash(data) for data in rows])
    with storage.begin() as transaction:
        transaction.put_entries(0, rows)
        transaction.put_tiles(tree.take_changed())
        head = Checkpoint(key.origin, len(rows), tree.root())
        transaction.put_head(len(rows), sign_checkpoint(head, [key.signer]), "2026-03-01", keep=True)
    return storage


@pytest.mark.parametrize("name", BENT)
def test_c14_a_signed_entry_out_of_form(name, make_clock, site_key, make_drafts):
    good = MemoryStorage()
    Log.create(good, site_key, make_clock(), None, "me").append(make_drafts(1, 5))
    with good.snapshot() as view:
        rows = [data for _, data in view.entries()]
    bent = BENT[name](rows[5])
    assert bent != rows[5]
    storage = signed_over([*rows[:5], bent], site_key)
    policy = Policy((site_key.verifier,))
    with storage.snapshot() as view:
        loose = verify(view, origin=site_key.origin, policy=policy, pin=None)
        strict = judge_form(view, loose)
    if name != "no JSON at all":
        assert loose.word == "ok", loose.findings
    assert (strict.word, strict.first_bad_seq) == ("tampered", 5)
    assert ("form", False, 6) in strict.checks
    with good.snapshot() as view:
        fine = judge_form(view, verify(view, origin=site_key.origin, policy=policy, pin=None))
    assert fine.word == "ok"
    assert ("form", True, 6) in fine.checks
