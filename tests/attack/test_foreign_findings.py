# SPDX-License-Identifier: Apache-2.0
"""`suspect --finding`: whose alarm it is, so that the dismissal of one case does not silence another thing's."""

from random import Random

import pytest

from forecasting.detectors.finding import entries_of_finding, finding_id
from ledger.chain.hashing import leaf_hash

OBJ = "https://acme.example/obj/"


def finding_of(site, item, seqs, kind="replay"):
    entries = site.entries()
    return finding_id(kind, f"{OBJ}{item}", [leaf_hash(entries[seq]) for seq in seqs])


def events_of(site, item):
    return [seq for seq, data in enumerate(site.entries()) if f'/obj/{item}"'.encode() in data]


def test_the_entries_of_a_finding_are_said(site, trace):
    seqs = events_of(site, "BOX-07")[1:3]
    name = finding_of(site, "BOX-07", seqs)
    ran = trace("suspect", "BOX-07", "--finding", name, "--reason", "odd", "--json")
    assert ran.answer["looked_up"] == [{"finding": name, "seqs": seqs}]
    shown = trace("suspect", "BOX-07", "--finding", name, "--reason", "odd")
    assert (f"names entries {seqs[0]}, {seqs[1]}" in shown.out, shown.err) == (True, "")


@pytest.mark.parametrize("what", ["another thing", "another rule", "nothing at all"])
def test_a_finding_of_something_else_is_told(site, trace, what):
    name = {
        "another thing": lambda: finding_of(site, "BOX-08", events_of(site, "BOX-08")[:2]),
        "another rule": lambda: "long_stay" + finding_of(site, "BOX-07", events_of(site, "BOX-07")[:2])[6:],
        "nothing at all": lambda: "replay:" + "0" * 32,
    }[what]()
    ran = trace("suspect", "BOX-07", "--finding", name, "--reason", "odd")
    assert (ran.code, "does not follow from the entries of BOX-07" in ran.err) == (0, True)


@pytest.mark.parametrize("count", [1, 2, 9, 14, 60])
def test_every_finding_that_rules_make_is_found(count):
    random = Random(count)
    leaves = {seq * 3: random.randbytes(32) for seq in range(count)}
    seqs = sorted(leaves)
    some = [seqs, seqs[:1], seqs[-2:], seqs[count // 2 :], random.sample(seqs, min(3, count))]
    for chosen in some:
        name = finding_id("replay", "X", [leaves[seq] for seq in chosen])
        assert entries_of_finding(name, "X", leaves) == tuple(sorted(chosen))
        assert entries_of_finding(name, "Y", leaves) is None
