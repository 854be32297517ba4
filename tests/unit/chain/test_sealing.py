# SPDX-License-Identifier: Apache-2.0
"""Key files under a passphrase."""

import random

import pytest

from ledger.chain import sealing
from ledger.chain.errors import KeyUnavailable, Refused
from ledger.chain.keys import (
    change_passphrase,
    create_key,
    import_key,
    key_path,
    load_key,
    read_key_file,
)
from ledger.chain.sealing import COST, Cost, public_of, seal, unseal

ORIGIN = "acme.example/dc1"
CHEAP = Cost(64, 1, 1)
WORD = "çorrect horse".encode()


@pytest.fixture(params=[False, True], ids=["plain", "hybrid"])
def key(tmp_path, request):
    return create_key(
        tmp_path,
        ORIGIN,
        hybrid=request.param,
        passphrase=WORD,
        cost=CHEAP,
        random=random.Random(5).randbytes,
    )


@pytest.fixture
def text(key, tmp_path):
    return key_path(tmp_path, ORIGIN).read_text()


def test_a_sealed_key_loads_with_its_passphrase_alone(tmp_path, key, text):
    assert load_key(tmp_path, ORIGIN, lambda: WORD).text == key.text
    for line in key.text.splitlines():
        assert line.rpartition("+")[2] not in text
    with pytest.raises(KeyUnavailable, match="passphrase does not open") as refused:
        load_key(tmp_path, ORIGIN, lambda: WORD + b" ")
    assert refused.value.remedy
    with pytest.raises(KeyUnavailable, match="locked") as refused:
        load_key(tmp_path, ORIGIN)
    assert "--passphrase-file" in refused.value.remedy


def test_what_is_public_is_told_without_the_passphrase(tmp_path, key):
    file, _ = read_key_file(tmp_path, ORIGIN)
    assert (file.verifiers, file.sealed, file.mode) == (key.verifiers, True, 0o600)


def test_a_plain_key_asks_nobody(tmp_path):
    create_key(tmp_path, ORIGIN)

    def ask():
        raise AssertionError

    load_key(tmp_path, ORIGIN, ask)


def test_two_files_of_one_key_and_passphrase_differ(key):
    assert seal(key.text, key.verifiers, WORD, cost=CHEAP) != seal(key.text, key.verifiers, WORD, cost=CHEAP)


def test_the_passphrase_can_be_changed_and_removed(tmp_path, key):
    change_passphrase(tmp_path, ORIGIN, lambda: WORD, b"other", CHEAP)
    with pytest.raises(KeyUnavailable):
        load_key(tmp_path, ORIGIN, lambda: WORD)
    assert load_key(tmp_path, ORIGIN, lambda: b"other").text == key.text
    change_passphrase(tmp_path, ORIGIN, lambda: b"other", None)
    assert key_path(tmp_path, ORIGIN).read_text() == key.text
    assert key_path(tmp_path, ORIGIN).stat().st_mode & 0o777 == 0o600


def test_a_wrong_passphrase_changes_nothing(tmp_path, key, text):
    with pytest.raises(KeyUnavailable):
        change_passphrase(tmp_path, ORIGIN, lambda: b"no", b"other", CHEAP)
    assert key_path(tmp_path, ORIGIN).read_text() == text


def test_no_byte_of_a_sealed_file_can_be_changed(key, text):
    """K17: whatever is changed, the key is not given out, and no other one is."""
    at = sorted({*range(0, len(text), 41), text.index("argon2id") + 9, text.index("aes-256-gcm") + 14})
    for place in at:
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises((KeyUnavailable, Refused)):
            unseal(changed, WORD)


@pytest.mark.parametrize("keep", [0, 10, 25, 100, -1, -2, -30])
def test_a_file_that_is_cut_is_damaged(tmp_path, key, text, keep):
    key_path(tmp_path, ORIGIN).write_text(text[:keep])
    with pytest.raises(KeyUnavailable, match="damaged"):
        load_key(tmp_path, ORIGIN, lambda: WORD)


@pytest.mark.parametrize(
    "cost", ["99999999 1 1", "64 33 1", "64 1 99", "7 1 1", "64 0 1", "064 1 1", "64 1", "-64 1 1", "1048577 1 1"]
)
def test_the_cost_in_a_file_is_bounded(text, cost):
    hostile = text.replace("argon2id 64 1 1 ", f"argon2id {cost} ")
    assert hostile != text
    with pytest.raises(Refused):
        unseal(hostile, WORD)


def test_a_sealed_file_of_another_key_is_not_believed(tmp_path, key):
    other = create_key(tmp_path, "acme.example/dc2", hybrid=key.second is not None)
    key_path(tmp_path, ORIGIN).write_text(seal(other.text, key.verifiers, WORD, cost=CHEAP))
    with pytest.raises(KeyUnavailable, match="not the key that the file states"):
        load_key(tmp_path, ORIGIN, lambda: WORD)


@pytest.mark.parametrize("passphrase", [b"", bytes(4097)])
def test_no_passphrase_that_is_none(tmp_path, passphrase):
    with pytest.raises(Refused):
        create_key(tmp_path, ORIGIN, passphrase=passphrase, cost=CHEAP)
    assert not key_path(tmp_path, ORIGIN).exists()


def test_a_sealed_key_is_imported_as_it_lies(tmp_path, key, text):
    home = tmp_path / "other"
    assert import_key(home, text) == key.verifiers == public_of(text)
    assert load_key(home, ORIGIN, lambda: WORD).text == key.text
    with pytest.raises(Refused, match="already"):
        import_key(home, text)


@pytest.mark.parametrize(
    "text", ["", "x", "PRIVATE+KEY+a/b+00000000+AAAA", "TRACE+SEALED+KEY+1\n", "TRACE+SEALED+KEY+2\n"]
)
def test_what_is_no_key_file_is_not_imported(tmp_path, text):
    with pytest.raises(Refused):
        import_key(tmp_path, text)


def test_the_default_cost_is_the_documented_one():
    assert Cost(128 * 1024, 4, 1) == COST
    assert sealing.is_sealed(sealing.MAGIC)
