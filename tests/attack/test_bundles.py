# SPDX-License-Identifier: Apache-2.0
"""Bundles from somebody who means harm: whatever is changed, added or swapped is told, without a traceback."""

import hashlib
import random
from dataclasses import replace

import pytest

from ledger.chain.bundle import Bundle, parse_bundle, write_bundle
from ledger.chain.errors import Refused
from ledger.chain.reader import AuthenticReader
from ledger.chain.receipt import parse_proof, write_proof
from ledger.chain.storage.sqlite import SqliteStorage

ITEM = "BOX-10"  # its events have a private contact each


@pytest.fixture
def bundle_file(site, trace):
    path = site.folder / "box.bundle"
    assert trace("prove", ITEM, "-o", path).code == 0
    return path


@pytest.fixture
def judged(site, trace):
    """Verifies a bundle that was changed: the exit code and the answer."""

    def judge(text: str | bytes | Bundle, *more):
        path = site.folder / "changed.bundle"
        text = write_bundle(text) if isinstance(text, Bundle) else text
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return trace("verify", path, "--json", *more)

    return judge


def repair(text: bytes) -> bytes:
    first, _, rest = text.split(b"\n", 2)
    return first + b"\nsha256 " + hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest


def test_a_bundle_holds_with_its_private_values(site, trace, bundle_file):
    ran = trace("verify", bundle_file, "--json")
    assert ran.code == 0
    answer = ran.answer
    assert answer["verdict"] == "ok"
    assert [check["name"] for check in answer["checks"] if check["passed"]] == [
        "signature", "inclusion", "values", "item",
    ]  # fmt: skip
    assert len(answer["events"]) == 8
    bundle = parse_bundle(bundle_file.read_text())
    assert bundle.values[0].data.startswith(b'"Nora Nameless')
    assert len(bundle.values) == 8


def test_it_needs_no_ledger_and_believes_no_key_of_its_own(site, trace, bundle_file, monkeypatch, tmp_path):
    monkeypatch.setenv("TRACE_HOME", str(tmp_path / "stranger"))
    site.path.unlink()
    ran = trace("verify", bundle_file, "--json")
    assert (ran.code, ran.answer["verdict"]) == (3, "untrusted")
    key = str(parse_bundle(bundle_file.read_text()).keys[0])
    ran = trace("verify", bundle_file, "--json", "--key", key)
    assert (ran.code, ran.answer["anchor"]["kind"]) == (0, "key")


@pytest.mark.parametrize("mended", [False, True])
def test_every_byte_counts(site, judged, bundle_file, mended):
    """A sample of all regions; with the digest written anew the deeper checks must tell."""
    data = bundle_file.read_bytes()
    chance = random.Random(6)
    start = data.index(b"\nitem ") + 1 if mended else 0
    for at in chance.sample(range(start, len(data)), 150):
        changed = data[:at] + bytes([data[at] ^ (1 << chance.randrange(7))]) + data[at + 1 :]
        ran = judged(repair(changed) if mended else changed)
        assert ran.code in (3, 6), (at, changed[at - 20 : at + 20])
        if ran.code == 6:
            assert at < len("trace/bundle/v1\n")


def test_each_receipt_can_be_taken_out(site, trace, bundle_file):
    bundle = parse_bundle(bundle_file.read_text())
    for proof in bundle.proofs:
        path = site.folder / "one.tlog-proof"
        path.write_text(write_proof(replace(proof, checkpoint=bundle.checkpoint)))
        ran = trace("verify", path, "--json")
        assert ran.code == 0
        assert ran.answer["entry"]["seq"] == proof.index


def test_entries_twice_or_out_of_order_or_missing(judged, bundle_file):
    bundle = parse_bundle(bundle_file.read_text())
    first, *others = bundle.proofs
    for proofs in ((first, first, *others), (*others, first)):
        ran = judged(replace(bundle, proofs=tuple(proofs)))
        assert ran.code == 3
        assert "stands twice or out of order" in ran.answer["findings"][0]["message"]
    ran = judged(replace(bundle, proofs=tuple(others)))
    assert ran.code == 3  # its private value fits nothing any more
    assert "fits no commitment" in ran.answer["findings"][0]["message"]


def test_entries_of_another_item_and_of_another_kind(site, trace, judged, bundle_file):
    bundle = parse_bundle(bundle_file.read_text())
    for seq, why in ((0, ""), (12, "not about")):
        trace("prove", seq, "-o", "other.tlog-proof")
        proof = replace(parse_proof((site.folder / "other.tlog-proof").read_text()), checkpoint="")
        ran = judged(replace(bundle, proofs=tuple(sorted((*bundle.proofs, proof), key=lambda one: one.index))))
        assert ran.code == (3 if why else 0)  # entry 0 names the key, which belongs to what is proven
        if why:
            assert ran.answer["first_bad_seq"] == seq
            assert why in ran.answer["findings"][0]["message"]
    ran = judged(replace(bundle, item="https://acme.example/obj/BOX-11"))
    assert len(ran.answer["findings"]) == len(bundle.proofs)


def test_entries_of_another_origin(judged, bundle_file, tmp_path, make_key, make_clock):
    from ledger.chain.policy import Policy
    from ledger.custody.privacy import make_policy
    from ledger.custody.recorder import Recorder

    key = make_key("other.example/dc2", seed=7)
    recorder = Recorder.create(
        tmp_path / "other.db", key, make_policy(), clock=make_clock(), home=tmp_path / "h", by="x"
    )
    recorder.log.close()
    storage = SqliteStorage(tmp_path / "other.db", writable=False)
    with storage.snapshot() as view:
        reader = AuthenticReader(view, origin="other.example/dc2", policy=Policy((key.verifier,)))
        from ledger.chain.bundle import make_bundle

        theirs = make_bundle(reader, "x", [0], ())
    storage.close()
    bundle = parse_bundle(bundle_file.read_text())
    ran = judged(replace(bundle, proofs=(*theirs.proofs, *bundle.proofs)))
    assert (ran.code, ran.answer["first_bad_seq"]) == (3, 0)
    ran = judged(replace(bundle, checkpoint=theirs.checkpoint))
    assert ran.code == 3
    assert len(ran.answer["findings"]) > len(bundle.proofs)


def test_private_values_swapped_twice_or_invented(judged, bundle_file):
    bundle = parse_bundle(bundle_file.read_text())
    one, *others = bundle.values
    wrong = one._replace(data=b'"Somebody Else"')
    for values, why in (
        ((wrong, *others), "fits no commitment of the entries; it may be that of entry"),
        ((one, one, *others), "opened twice"),
        ((one, *others, wrong), "fits no commitment"),
    ):
        ran = judged(replace(bundle, values=tuple(values)))
        assert ran.code == 3
        assert why in ran.answer["findings"][0]["message"]
    assert judged(replace(bundle, values=tuple(others))).code == 0  # a value withheld takes nothing from the rest


@pytest.mark.parametrize(
    "text",
    [
        b"trace/bundle/v1\n",
        b"trace/bundle/v1\nsha256 " + b"0" * 64 + b"\n",
        b"trace/bundle/v1\nsha256 " + b"0" * 64 + b"\nitem x\n\n" + b"c2sp.org/tlog-proof@v1\n" * 50_000,
        b"trace/bundle/v1\n" + b"\n" * 100_000,
        b"trace/bundle/v1\n\xff\xfe",
        b"trace/bundle/v1\nsha256 " + b"0" * 64 + b"\nitem %ff\nkey a+b+c\n\nvalues\n\n\n\n",
        b"trace/bundle/v1\r\nsha256 " + b"0" * 64 + b"\r\n",
    ],
)  # fmt: skip
def test_what_is_no_bundle_is_told(judged, text):
    assert judged(text).code in (3, 6)


def test_sizes_have_limits(bundle_file, monkeypatch):
    text = bundle_file.read_text()
    for name, limit in (("MAX_ENTRIES", 3), ("MAX_VALUES", 3), ("MAX_BUNDLE", 100)):
        with monkeypatch.context() as patch:
            patch.setattr(f"ledger.chain.bundle.{name}", limit)
            with pytest.raises(Refused, match=r"at most|more than"):
                parse_bundle(text)


def test_an_entry_that_nests_too_deeply_is_told(judged, bundle_file):
    bundle = parse_bundle(bundle_file.read_text())
    deep = replace(bundle.proofs[0], extra=b"[" * 100_000)
    ran = judged(replace(bundle, proofs=(deep, *bundle.proofs[1:])))
    assert (ran.code, ran.answer["first_bad_seq"]) == (3, bundle.proofs[0].index)


def test_only_committed_fields_can_be_withheld(site, trace):
    ran = trace("prove", ITEM, "-o", "w.bundle", "--withhold", "contact")
    assert ran.code == 0
    assert parse_bundle((site.folder / "w.bundle").read_text()).values == ()
    assert trace("verify", "w.bundle").code == 0
    ran = trace("prove", "BOX-11", "-o", "x.bundle", "--withhold", "contact")
    assert (ran.code, '[private] fields = ["contact"]' in ran.err) == (5, True)
    assert not (site.folder / "x.bundle").exists()
    for field, line in (("bizStep", False), ("place", False), ("owner", True)):
        ran = trace("prove", ITEM, "--withhold", field)
        assert (ran.code, "fields =" in ran.err) == (5, line), field
    assert trace("prove", 3, "--withhold", "contact").code == 2


def test_an_item_that_was_tampered_with_is_not_proven(site, trace):
    site.sql("UPDATE entry SET bytes = CAST(replace(bytes, 'DOCK', 'LOCK') AS BLOB) WHERE seq = 10")
    ran = trace("prove", ITEM, "-o", "t.bundle")
    assert ran.code == 3
    assert "entry 10" in ran.err
    assert not (site.folder / "t.bundle").exists()
