# SPDX-License-Identifier: Apache-2.0
"""Laws of notes, keys, checkpoints and policies, over generated text."""

import base64
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.chain.checkpoint import Checkpoint, check_origin, parse_checkpoint, sign_checkpoint
from ledger.chain.errors import Refused
from ledger.chain.note import VerifierKey, parse_note, parse_vkey, sign_note
from ledger.chain.policy import parse_policy
from ledger.chain.signers.ed25519 import ALGORITHM, Ed25519Signer

steady = settings(derandomize=True, max_examples=200, deadline=None)

SIGNER = Ed25519Signer(random.Random(1).randbytes(32))
KEY = VerifierKey("acme.example/dc1", ALGORITHM, SIGNER.public)
NOTE = sign_checkpoint(Checkpoint("acme.example/dc1", 12, bytes(range(32))), [SIGNER])

anything = st.text(st.characters(), max_size=60)
pieces = st.sampled_from(
    ["\n", "\n\n", "— ", "a", " ", "+", "AAAAAAAA", "12", "é", "\ud800", "\x00", "=", str(KEY), "log "]
)
nearly = st.lists(pieces | anything, max_size=10).map("".join)
names = st.text(
    st.characters(exclude_categories=["Cs", "Z", "C"], exclude_characters="+"), min_size=1, max_size=20
)
bodies = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]) | st.just("\n"), max_size=60)


@pytest.mark.parametrize("read", [parse_note, parse_checkpoint, parse_vkey, parse_policy, check_origin])
@settings(steady, max_examples=300)
@given(text=nearly)
@example(text="\ud800+00000000+" + str(KEY).split("+", 2)[2])
@example(text="log \ud800+00000000+" + str(KEY).split("+", 2)[2])
@example(text="a\n\n— \ud800 AAAAAAAA\n")
@example(text="\ud800\n\n— a AAAAAAAA\n")
@example(text="a\n1\n" + "A" * 43 + "=\n\n— a AAAAAAAA\n")
def test_arbitrary_text_is_read_or_refused(read, text):
    try:
        read(text)
    except Refused as refused:
        str(refused).encode()  # and the message can be shown


@steady
@given(names, st.integers(0, 2**32))
def test_a_verifier_key_reads_back(name, seed):
    key = VerifierKey(name, ALGORITHM, Ed25519Signer(random.Random(seed).randbytes(32)).public)
    assert parse_vkey(str(key)) == key


@steady
@given(names, bodies)
def test_a_signed_note_reads_back_and_holds(name, body):
    text = body + "\n"
    key = VerifierKey(name, ALGORITHM, SIGNER.public)
    note = parse_note(sign_note(text, [(name, SIGNER)]))
    assert note.text == text
    assert note.signed_by([key]) == [key]
    assert note.signed_by([VerifierKey(name + "x", ALGORITHM, SIGNER.public)]) == []


@steady
@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_reads_back_and_has_one_spelling(size, root):
    head = Checkpoint("acme.example/dc1", size, root)
    signed = parse_checkpoint(sign_checkpoint(head, [SIGNER]))
    assert signed.head == head
    assert signed.parsed.text == head.text
    assert signed.parsed.signed_by([KEY]) == [KEY]


@steady
@given(st.integers(0, len(NOTE) - 1), st.characters(exclude_categories=["Cs"]))
def test_no_changed_character_leaves_a_checkpoint_signed(at, char):
    changed = NOTE[:at] + char + NOTE[at + 1 :]
    try:
        held = parse_checkpoint(changed).parsed.signed_by([KEY])
    except Refused:
        held = []
    assert (held == [KEY]) == (changed == NOTE)


@pytest.mark.parametrize(
    "line",
    ["012", "+5", "-1", "", " 5", "5 ", "٣", "5.0", str(2**63), str(2**64), "1" * 30, "0x5", "5\r"],
)
def test_a_size_has_one_spelling(line):
    root = base64.b64encode(bytes(32)).decode()
    note = (
        sign_note(f"acme.example/dc1\n{line}\n{root}\n", [("a", SIGNER)])
        if "\r" not in line
        else (f"acme.example/dc1\n{line}\n{root}\n\n— a AAAAAAAA\n")
    )
    with pytest.raises(Refused):
        parse_checkpoint(note)


@pytest.mark.parametrize(
    "root",
    [
        "",
        "A" * 43,
        "A" * 44,
        "A" * 42 + "B=",
        "-" * 43 + "=",
        "_" * 43 + "=",
        " " + "A" * 43 + "=",
        "A" * 43 + "==",
        "A" * 40 + "=",
    ],
)
def test_a_root_has_one_spelling_and_32_bytes(root):
    with pytest.raises(Refused):
        parse_checkpoint(f"acme.example/dc1\n5\n{root}\n\n— a AAAAAAAA\n")


@pytest.mark.parametrize(
    "blob",
    ["AAAA", "AAAAAAA", "AAAAAAAA=", "AAAA AAAA", "AAAAAAB=", "-AAAAAAA", "", "AAAAAAA\r"],
)
def test_a_signature_line_has_one_spelling(blob):
    parse_note("text\n\n— a AAAAAAAA\n")
    with pytest.raises(Refused):
        parse_note(f"text\n\n— a {blob}\n")


def test_many_signature_lines_are_refused_and_unknown_ones_passed_over():
    line = "— somebody AAAAAAAA\n"
    assert parse_checkpoint(NOTE + line * 15).parsed.signed_by([KEY]) == [KEY]
    assert parse_checkpoint(NOTE + line * 99).parsed.signed_by([KEY]) == [KEY]
    for count in (100, 10_000):
        with pytest.raises(Refused, match="signatures"):
            parse_checkpoint(NOTE + line * count)
    with pytest.raises(Refused, match="characters"):
        parse_note(NOTE + "x" * 1_000_000)


def test_a_bad_line_of_a_known_key_sinks_the_note():
    good = NOTE.splitlines()[-1]
    blob = base64.b64decode(good.split(" ")[2])
    bad = base64.b64encode(blob[:4] + bytes(64)).decode()
    for text in (f"{NOTE}— acme.example/dc1 {bad}\n", NOTE.replace(good, f"— acme.example/dc1 {bad}\n{good}")):
        with pytest.raises(Refused, match="does not fit"):
            parse_checkpoint(text).parsed.signed_by([KEY])
    # The same line twice counts once.
    assert parse_checkpoint(f"{NOTE}{good}\n").parsed.signed_by([KEY]) == [KEY]


@pytest.mark.parametrize(
    "origin",
    [
        "acme.example",
        "acme.example/",
        "/dc1",
        "Acme.example/dc1",
        "acme.example/dc1 ",
        "аcme.example/dc1",
        "a/../b",
        "acme.example/dc1\n",
        "acme.example//dc1",
        "acme.example/.dc1",
        "a\u0000/b",
        "",
        "a/b~c",
        "a/b+c",
        "-a/b",
    ],
)
def test_confusing_origins_are_refused(origin):
    with pytest.raises(Refused):
        check_origin(origin)


@pytest.mark.parametrize("origin", ["acme.example/dc1", "a/b", "xn--bcher-kva.example/halle-2/tor_7", "a.b/0"])
def test_plain_origins_pass(origin):
    assert check_origin(origin) == origin
