# SPDX-License-Identifier: Apache-2.0
import os
import re
from hashlib import sha256

import pytest

from ledger.chain.errors import KeyUnavailable
from ledger.custody.identity import Identifier, ident_of, new_event_id, site_secret
from ledger.custody.privacy import make_policy

SALE = {"type": "ObjectEvent", "eventTime": "2026-03-01T08:15:00Z", "bizStep": "retail_selling", "epcList": ["a"]}
UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-([48])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def ids(*bodies, private=(), secret=b"1" * 32):
    identifier = Identifier(make_policy(private), secret)
    return [identifier.identify(found)["eventID"] for found in bodies]


def test_the_same_file_twice_is_one_history():
    file = [SALE, SALE, SALE | {"epcList": ["b"]}]
    assert ids(*file) == ids(*file)
    assert set(ids(*reversed(file))) == set(ids(*file))


def test_two_equal_rows_are_two_sales():
    assert len(set(ids(SALE, SALE, SALE))) == 3


def test_the_recipe_is_that_of_the_decision_record():
    prehash = (
        b"eventType=ObjectEventeventTime=2026-03-01T08:15:00.000ZepcListepc=a"
        b"bizStep=https://ref.gs1.org/cbv/BizStep-retail_selling"
    )
    message = b"trace event identity\n" + sha256(prehash).digest() + b"\x00" + b"1"
    raw = bytearray(sha256(message).digest()[:16])
    raw[6], raw[8] = raw[6] & 0x0F | 0x80, raw[8] & 0x3F | 0x80
    assert ids(SALE)[0].removeprefix("urn:uuid:").replace("-", "") == raw.hex()


def test_what_the_keeper_adds_is_no_content():
    assert ids(SALE | {"recordTime": "2026-03-02T00:00:00Z"}) == ids(SALE)


def test_every_other_field_counts():
    changed = [SALE | {"own:x": "1"}, SALE | {"eventTime": "2026-03-01T08:15:00.001Z"}, SALE | {"epcList": ["A"]}]
    assert len(set(ids(SALE, *changed))) == 4
    assert ids(SALE | {"errorDeclaration": {}}) != ids(SALE)


def test_other_spellings_of_the_same_event_are_the_same():
    same = [
        SALE | {"eventTime": "2026-03-01T09:15:00.0000+01:00"},
        SALE | {"bizStep": "urn:epcglobal:cbv:bizstep:retail_selling"},
        SALE | {"epcList": [" a "]},
    ]
    assert [ids(other) for other in same] == [ids(SALE)] * 3


def test_an_own_id_is_kept():
    assert ids(SALE | {"eventID": "urn:x:1"}) == ["urn:x:1"]
    assert ids(SALE | {"eventID": "urn:x:1"}, SALE)[1] == ids(SALE)[0]


def test_private_content_is_keyed():
    sale = SALE | {"own:contact": "Ann"}
    assert ids(sale, secret=b"1" * 32) != ids(sale, secret=b"2" * 32)
    assert ids(sale, secret=b"1" * 32) == ids(sale, secret=b"1" * 32)
    assert ids(SALE, secret=b"1" * 32) == ids(SALE, secret=b"2" * 32)
    # A plain digest would let anybody try values until one fits.
    assert ids(SALE | {"own:x": "Ann"}, private=["x"]) != ids(SALE | {"own:x": "Ann"})


def test_forms():
    assert UUID.fullmatch(ids(SALE)[0])[1] == "8"
    assert UUID.fullmatch(new_event_id())[1] == "4"
    assert len({new_event_id() for _ in range(100)}) == 100


def test_a_correction_is_another_record():
    assert ident_of("urn:x:1", False) != ident_of("urn:x:1", True)
    assert len(ident_of("urn:x:1", False)) == 16


def test_the_secret_is_made_once_and_for_its_owner(tmp_path):
    secret = site_secret(tmp_path, "acme.example/dc1")
    assert site_secret(tmp_path, "acme.example/dc1") == secret
    assert site_secret(tmp_path, "acme.example/dc2") != secret
    (path,) = (tmp_path / "identity").rglob("dc1.secret")
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(found.name for found in path.parent.iterdir()) == ["dc1.secret", "dc2.secret"]


def test_who_makes_the_secret_second_takes_the_first(tmp_path, monkeypatch):
    theirs = site_secret(tmp_path, "acme.example/dc1")
    monkeypatch.setattr(os.path, "lexists", lambda path: False)  # as it looked before the other made it
    assert site_secret(tmp_path, "acme.example/dc1") == theirs
    assert len(list((tmp_path / "identity" / "acme.example").iterdir())) == 1


@pytest.mark.parametrize("damage", ["", "zz", "00" * 31, "00" * 33, "é"])
def test_a_damaged_secret_is_no_secret(tmp_path, damage):
    site_secret(tmp_path, "acme.example/dc1")
    path = tmp_path / "identity" / "acme.example" / "dc1.secret"
    path.write_text(damage, encoding="utf-8")
    with pytest.raises(KeyUnavailable, match="damaged"):
        site_secret(tmp_path, "acme.example/dc1")
    path.chmod(0o644)
    with pytest.raises(KeyUnavailable, match="read by others"):
        site_secret(tmp_path, "acme.example/dc1")
