# SPDX-License-Identifier: Apache-2.0
"""Published signed notes, verifier keys and checkpoints against `note` and `checkpoint`."""

import base64

import pytest

from ledger.chain.checkpoint import parse_checkpoint
from ledger.chain.errors import Refused
from ledger.chain.note import parse_note, parse_vkey

# A line of some signature: the bodies below come without one.
LINE = "\n— somebody.example AAAAAAAA\n"

# Checkpoint bodies that their source parses and we refuse, each for the one stated reason.
SHORT_ROOTS = "the root of a checkpoint has 32 bytes"


def accepts_vkey(text):
    try:
        return str(parse_vkey(text)) == text
    except Refused:
        return False


def signers(case):
    """List the names of known keys that signed; none when the note or a key is refused."""
    try:
        keys = [parse_vkey(text) for text in case["vkeys"]]
        note = parse_note(base64.b64decode(case["note_b64"]).decode())
        return [key.name for key in note.signed_by(keys)]
    except (Refused, UnicodeDecodeError):
        return []


def test_signed_notes(vectors):
    cases = vectors("signed_notes.json")["notes"]
    wanted = {case["id"]: case.get("verified", []) if case["expect"] == "accept" else [] for case in cases}
    assert {case["id"]: signers(case) for case in cases} == wanted
    assert sum(case["expect"] == "accept" for case in cases) >= 3


def test_accepted_notes_do_not_survive_one_changed_character(vectors):
    cases = [case for case in vectors("signed_notes.json")["notes"] if case["expect"] == "accept"]
    for case in cases:
        text = base64.b64decode(case["note_b64"]).decode()
        changed = ("j" if text[0] != "j" else "k") + text[1:]
        assert signers({**case, "note_b64": base64.b64encode(changed.encode()).decode()}) == []


def test_verifier_keys(vectors):
    cases = vectors("signed_notes.json")["vkeys"]
    assert [accepts_vkey(case["vkey"]) for case in cases] == [case["expect"] == "accept" for case in cases]


def test_checkpoint_bodies(vectors):
    for case in vectors("signed_notes.json")["checkpoint_bodies"]:
        if case["expect"] == "reject":
            with pytest.raises(Refused):
                parse_checkpoint(case["body"] + LINE)
            continue
        lines = case["body"].split("\n")
        root = base64.b64decode(lines[2])
        if len(root) != 32:
            with pytest.raises(Refused, match=SHORT_ROOTS):
                parse_checkpoint(case["body"] + LINE)
            # With a root of the right size the same body is read.
            lines[2] = base64.b64encode(root[:32].ljust(32, b"\0")).decode()
        head = parse_checkpoint("\n".join(lines) + LINE).head
        assert (head.origin, str(head.size)) == tuple(lines[:2])
        assert base64.b64encode(head.root).decode() == lines[2]


def test_checkpoints_of_a_public_log(vectors):
    """Well-formed checkpoints are read, with their size and root; those that lack a line are refused."""
    seen = set()
    for case in vectors("rekor_checkpoint_proofs.json"):
        proof = case["inclusion_proof"] or {}
        note = (proof.get("checkpoint") or {}).get("envelope")
        if note is None:
            continue
        if "missing-origin" in case["name"] or "missing-size" in case["name"]:
            with pytest.raises(Refused):
                parse_checkpoint(note)
            seen.add("refused")
        elif case["expect"] == "accept":
            head = parse_checkpoint(note).head
            assert (head.size, head.root) == (int(proof["treeSize"]), base64.b64decode(proof["rootHash"]))
            seen.add("read")
    assert seen == {"refused", "read"}
