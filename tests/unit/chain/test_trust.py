# SPDX-License-Identifier: Apache-2.0
"""What lies in the home: keys, policies and pins, and when they are refused."""

import os
import random
import stat
from pathlib import Path

import pytest

from ledger.chain.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from ledger.chain.errors import KeyUnavailable, Missing, Refused
from ledger.chain.home import find_home
from ledger.chain.keys import create_key, key_path, load_key
from ledger.chain.note import VerifierKey
from ledger.chain.pins import load_pin, pin_path, save_pin
from ledger.chain.policy import Policy, create_policy, load_policy, parse_policy, policy_path

ORIGIN = "acme.example/dc1"


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def write(path, text, mode=0o600):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


@pytest.fixture
def key(tmp_path):
    return create_key(tmp_path, ORIGIN, random=random.Random(5).randbytes)


def test_the_home_comes_from_the_environment():
    assert find_home({"TRACE_HOME": "/a", "XDG_DATA_HOME": "/b", "HOME": "/c"}) == Path("/a")
    assert find_home({"XDG_DATA_HOME": "/b", "HOME": "/c"}) == Path("/b/trace")
    assert find_home({"TRACE_HOME": "", "XDG_DATA_HOME": "", "HOME": "/c"}) == Path("/c/.local/share/trace")


def test_a_key_is_stored_for_its_owner_alone_and_loads_back(tmp_path, key):
    path = key_path(tmp_path, ORIGIN)
    assert mode_of(path) == 0o600
    assert mode_of(path.parent) == 0o700
    loaded = load_key(tmp_path, ORIGIN)
    assert loaded.verifier == key.verifier == VerifierKey(ORIGIN, 1, key.signer.public)
    assert loaded.signer.sign(b"m") == key.signer.sign(b"m")


def test_two_keys_differ_and_none_is_overwritten(tmp_path, key):
    assert create_key(tmp_path, "acme.example/dc2").verifier.public != key.verifier.public
    with pytest.raises(Refused, match="already"):
        create_key(tmp_path, ORIGIN)
    assert load_key(tmp_path, ORIGIN).verifier == key.verifier


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o666])
@pytest.mark.parametrize("what", ["key", "policy", "pin"])
def test_what_others_may_read_is_not_used(tmp_path, key, mode, what):
    create_policy(tmp_path, ORIGIN, key.verifier)
    save_pin(tmp_path, signed(key, 3))
    path, load = {
        "key": (key_path, load_key),
        "policy": (policy_path, load_policy),
        "pin": (pin_path, load_pin),
    }[what]
    path(tmp_path, ORIGIN).chmod(mode)
    with pytest.raises(KeyUnavailable, match=f"{mode:04o}") as refused:
        load(tmp_path, ORIGIN)
    assert refused.value.remedy.startswith("chmod 600 ")
    path(tmp_path, ORIGIN).chmod(0o600)
    load(tmp_path, ORIGIN)


def test_a_key_that_is_not_there(tmp_path):
    with pytest.raises(KeyUnavailable, match="no key for") as refused:
        load_key(tmp_path, ORIGIN)
    assert str(key_path(tmp_path, ORIGIN)) in refused.value.remedy


def cut(text):
    return text[:-6]


@pytest.mark.parametrize(
    "change",
    [
        cut,
        lambda text: "",
        lambda text: text.removeprefix("PRIVATE+KEY+"),
        lambda text: text.replace("dc1+", "dc1+0", 1),
        lambda text: text.replace("PRIVATE", "PUBLIC"),
        lambda text: text.replace("dc1", "dc2"),
        lambda text: text[:-10] + ("A" if text[-10] != "A" else "B") + text[-9:],
        lambda text: text + text,
        lambda text: text.replace("+A", "+B", 1) if "+A" in text else "+",
        lambda text: "\ufffd" * 100,
    ],
)
def test_a_damaged_key_is_refused(tmp_path, key, change):
    path = key_path(tmp_path, ORIGIN)
    write(path, change(path.read_text()))
    with pytest.raises(KeyUnavailable, match="damaged"):
        load_key(tmp_path, ORIGIN)


def test_a_key_of_another_site_is_refused(tmp_path, key):
    other = create_key(tmp_path, "acme.example/dc2")
    key_path(tmp_path, "acme.example/dc2").replace(key_path(tmp_path, ORIGIN))
    with pytest.raises(KeyUnavailable, match="belongs to acme"):
        load_key(tmp_path, ORIGIN)
    assert other.verifier.name == "acme.example/dc2"


def test_a_key_file_must_be_a_plain_file_and_is_never_waited_for(tmp_path, key):
    path = key_path(tmp_path, ORIGIN)
    path.rename(path.with_suffix(".away"))
    path.symlink_to(path.with_suffix(".away"))
    with pytest.raises(KeyUnavailable, match="cannot be opened"):
        load_key(tmp_path, ORIGIN)
    path.unlink()
    os.mkfifo(path, 0o600)
    with pytest.raises(KeyUnavailable, match="no plain file"):
        load_key(tmp_path, ORIGIN)
    path.unlink()
    path.mkdir(mode=0o700)
    with pytest.raises(KeyUnavailable):
        load_key(tmp_path, ORIGIN)
    path.rmdir()
    path.write_bytes(b"\xff\xfe")
    path.chmod(0o600)
    with pytest.raises(KeyUnavailable, match="no text"):
        load_key(tmp_path, ORIGIN)


@pytest.mark.parametrize("origin", ["../x/y", "a/../b", "/etc/passwd", "a.b/c~d", "A.b/c"])
def test_no_origin_names_a_file_elsewhere(tmp_path, origin):
    for place in (key_path, policy_path, pin_path):
        with pytest.raises(Refused):
            place(tmp_path, origin)


def test_origins_have_places_of_their_own(tmp_path):
    origins = ["a/b", "a/b/c", "a/b.c", "a/b-c", "a.b/c", "a/b_c"]
    assert len({pin_path(tmp_path, origin) for origin in origins}) == len(origins)


def test_a_policy_is_stored_for_its_owner_alone_and_loads_back(tmp_path, key):
    path = create_policy(tmp_path, ORIGIN, key.verifier)
    assert mode_of(path) == 0o600
    assert load_policy(tmp_path, ORIGIN) == Policy((key.verifier,), "home")
    with pytest.raises(Refused, match="already"):
        create_policy(tmp_path, ORIGIN, key.verifier)
    with pytest.raises(Missing) as missing:
        load_policy(tmp_path, "acme.example/dc2")
    assert "verifier key" in missing.value.remedy


def test_a_policy_is_read_line_by_line(key, make_key):
    other = make_key(seed=9).verifier
    text = f"# whom we believe\n\n  log {key.verifier}\nlog {other} https://acme.example/log\n quorum  none \n"
    assert parse_policy(text, "file") == Policy((key.verifier, other), "file")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "quorum none\n",
        "log {key}\nlog {key}\n",
        "log {key}\nquorum all\n",
        "log {key}\nquorum\n",
        "log {key}\nwitness w {key}\n",
        "log {key}\nLOG {key}\n",
        "log {key} a b\n",
        "log\n",
        "log {key}x\n",
        "log x{key}\n",
        "{key}\n",
        "log {key}\nquorum none # really\n",
    ],
)
def test_a_policy_that_is_not_wholly_understood_is_refused(tmp_path, key, text):
    text = text.replace("{key}", str(key.verifier))
    with pytest.raises(Refused):
        parse_policy(text)
    write(policy_path(tmp_path, ORIGIN), text)
    with pytest.raises(Refused) as refused:
        load_policy(tmp_path, ORIGIN)
    assert str(policy_path(tmp_path, ORIGIN)) in refused.value.message


def signed(key, size, fill=b"\1"):
    return parse_checkpoint(sign_checkpoint(Checkpoint(key.origin, size, fill * 32), [key.signer]))


def test_a_pin_only_grows(tmp_path, key):
    assert load_pin(tmp_path, ORIGIN) is None
    for size, remembered in [(5, 5), (3, 5), (9, 9), (9, 9), (8, 9), (100, 100)]:
        save_pin(tmp_path, signed(key, size))
        assert load_pin(tmp_path, ORIGIN).head.size == remembered
    save_pin(tmp_path, signed(key, 100, b"\2"))
    assert load_pin(tmp_path, ORIGIN) == signed(key, 100)
    assert mode_of(pin_path(tmp_path, ORIGIN)) == 0o600


@pytest.mark.parametrize("text", ["", "x", "acme.example/dc1\n5\n", None])
def test_a_damaged_pin_is_refused_and_never_replaced(tmp_path, key, text):
    save_pin(tmp_path, signed(key, 5))
    path = pin_path(tmp_path, ORIGIN)
    write(path, path.read_text()[:-1] if text is None else text)
    damaged = path.read_text()
    with pytest.raises(Refused, match="damaged") as refused:
        load_pin(tmp_path, ORIGIN)
    assert "backup" in refused.value.remedy
    with pytest.raises(Refused):
        save_pin(tmp_path, signed(key, 6))
    assert path.read_text() == damaged


def test_a_pin_of_another_origin_is_refused(tmp_path, key, make_key):
    save_pin(tmp_path, signed(key, 5))
    write(pin_path(tmp_path, ORIGIN), signed(make_key("acme.example/dc2"), 5).note)
    with pytest.raises(Refused, match="is of acme"):
        load_pin(tmp_path, ORIGIN)
