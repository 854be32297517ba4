# SPDX-License-Identifier: Apache-2.0
"""Canonical Digital Link URIs and EPC URNs: published vectors, round trips, and what is not GS1."""

import string
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.custody.gs1.canonical import canonical_uri, epc_urn, finest_key, key_elements, uri_of
from ledger.custody.gs1.character_sets import SET_39, SET_82, from_uri, to_uri
from ledger.custody.gs1.check_digit import has_check_digit
from ledger.custody.gs1.epc_urn import from_urn, to_urn

Rows = Callable[[str], list[dict[str, Any]]]


def test_published_canonical_forms(gs1_rows: Rows) -> None:
    """`expect` null: no Digital Link, so it stays as it is."""
    for row in gs1_rows("digital_link_canonical"):
        assert canonical_uri(row["input"]) == (row["expect"] or row["input"]), row


def test_published_translations(gs1_rows: Rows) -> None:
    """Rows that need GS1's table of company prefixes get the length that the expected URN shows."""
    for row in gs1_rows("epc_urn_digital_link"):
        if row["op"] == "dl_to_urn":
            length = row["gcp_length"] or len(row["expect"].split(":")[4].split(".")[0])
            assert epc_urn(row["input"], length) == row["expect"], row
        else:
            assert canonical_uri(row["input"]) == row["expect"], row


@pytest.mark.parametrize(
    "identifier",
    [
        "",
        "PALLET 7",
        "https://acme.example/obj/PALLET%207",
        "https://acme.example/lot/LETTUCE:24A",
        "https://acme.example/party/4012345000009",  # the CBV template of a party, not the old name of AI 417
        "https://acme.example/01/4012345",  # no GTIN
        "https://acme.example/01/09521234543213/99/X",  # no qualifier
        "https://acme.example/01/09521234543213/21/A/21/B",
        "https://acme.example/01/09521234543213/21/%FF",
        "https://acme.example/01/٠٩٥٢١٢٣٤٥٤٣٢١٣",
        "http://transaction.acme.example/po/12345678",
        "urn:epc:id:sgtin:0614141.81234.6789",  # twelve digits
        "urn:epc:id:sgtin:0614141.812345",
        "urn:epc:id:sgtin:0614141.812345.",
        "urn:epc:idpat:sgtin:0614141.812345.12",
        "urn:epc:idpat:sgtin:0614141.*.*",
        "urn:epc:id:lgtin:0614141.812345.L",
        "urn:epc:class:sgtin:0614141.812345.L",
        "urn:epc:id:sscc:0614141.1234567890.1",
        "urn:epc:id:itip:234567.1890123.5.78.1111",
        "urn:epc:id:gid:95100000.12345.400",
        "urn:epc:id:sgtin:0614141.812345.%E0%80",
        "urn:epc:id:sgtin:٠٦١٤١٤١.812345.6",
        "urn:uuid:8c6ba0f3-61a9-4b0a-9c2e-8c1b1a1f8f00",
    ],
)
def test_what_is_no_gs1_identifier_stays(identifier: str) -> None:
    assert canonical_uri(identifier) == identifier
    assert key_elements(identifier) is None
    assert epc_urn(identifier, 7) is None


def test_one_spelling() -> None:
    """However the value is escaped, whatever the domain, path and query."""
    spellings = [
        "https://id.gs1.org/01/09521234543213/10/A-1%2F2!",
        "HTTPS://Shop.example:8443/a/b/01/9521234543213/10/A%2d1%2f2%21?17=271231#x",
        "https://id.gs1.org/01/09521234543213/22/2A/10/%41-1%2F2!",
        "urn:epc:class:lgtin:952123454321.0.A-1%2F2!",
    ]
    assert {canonical_uri(text) for text in spellings} == {spellings[0]}


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("https://x.example/01/09521234543213/10/L/235/T", "https://id.gs1.org/01/09521234543213/235/T"),
        ("https://x.example/8018/952123450000000008/8019/7", "https://id.gs1.org/8018/952123450000000008"),
        ("https://id.gs1.org/party/4012345000009", "https://id.gs1.org/417/4012345000009"),
        ("https://x.example/415/9521234543213/8020/R1", "https://id.gs1.org/415/9521234543213/8020/R1"),
        ("urn:epc:id:sgln:0614141.12345.0", "https://id.gs1.org/414/0614141123452"),
        ("urn:epc:id:ginc:0614141.xyz%2F11", "https://id.gs1.org/401/0614141xyz%2F11"),
    ],
)
def test_finest_key(identifier: str, expected: str) -> None:
    assert canonical_uri(identifier) == expected
    assert canonical_uri(expected) == expected


@pytest.mark.parametrize(
    ("held", "finest"),
    [
        ("00 01 21 10", ["01", "21"]),
        ("00 01 10", ["00"]),
        ("01 10 22", ["01", "10"]),
        ("414 254 01 10", ["01", "10"]),
        ("414 254", ["414", "254"]),
        ("8010 8011 01", ["8010", "8011"]),
        ("01 8004", ["8004"]),
        ("01 8003", ["01"]),
        ("10 17 21", None),
    ],
)
def test_the_finest_key_of_an_element_string(held: str, finest: list[str] | None) -> None:
    found = finest_key([(ai, f"V{ai}") for ai in held.split()])
    assert found == (None if finest is None else [(ai, f"V{ai}") for ai in finest])


def test_an_asset_with_a_serial_number_is_finer_than_its_product() -> None:
    assert finest_key([("01", "V"), ("8003", "04012345000221334455")]) == [("8003", "04012345000221334455")]


def test_a_length_that_no_prefix_has() -> None:
    assert to_urn([("01", "80614141123458"), ("21", "6789")], 5) is None
    assert to_urn([("01", "80614141123458"), ("21", "6789")], 13) is None
    assert epc_urn("https://id.gs1.org/8004/061414A", 7) is None
    assert epc_urn("https://id.gs1.org/414/0614141123452/254/0", 7) is None
    assert epc_urn("https://id.gs1.org/8013/1987654Ad4X4bL5ttr2310c2K", 7) is None


def _text(allowed: frozenset[str], most: int, least: int = 1) -> st.SearchStrategy[str]:
    return st.text(alphabet=sorted(allowed), min_size=least, max_size=most)


def _digits(count: int) -> st.SearchStrategy[str]:
    return st.text(alphabet=string.digits, min_size=count, max_size=count)


@st.composite
def urns(draw: st.DrawFn) -> tuple[str, int]:
    """Draw a URN of every scheme, with the length of its prefix."""
    length = draw(st.integers(6, 12))
    prefix = draw(_digits(length))

    def rest(total: int) -> str:
        return draw(_digits(total - length))

    scheme = draw(
        st.sampled_from(
            "sgtin lgtin upui itip sscc sgln pgln grai giai gdti sgcn gsrn gsrnp gsin ginc cpi pattern".split()
        )
    )
    serial = to_uri(draw(_text(SET_82, 16)))
    forms = {
        "sgtin": lambda: f"id:sgtin:{prefix}.{rest(13)}.{serial}",
        "lgtin": lambda: f"class:lgtin:{prefix}.{rest(13)}.{serial}",
        "upui": lambda: f"id:upui:{prefix}.{rest(13)}.{serial}",
        "itip": lambda: f"id:itip:{prefix}.{rest(13)}.{draw(_digits(2))}.{draw(_digits(2))}.{serial}",
        "sscc": lambda: f"id:sscc:{prefix}.{rest(17)}",
        "sgln": lambda: f"id:sgln:{prefix}.{rest(12)}.{serial}",
        "pgln": lambda: f"id:pgln:{prefix}.{rest(12)}",
        "grai": lambda: f"id:grai:{prefix}.{rest(12)}.{serial}",
        "giai": lambda: f"id:giai:{prefix}.{serial}",
        "gdti": lambda: f"id:gdti:{prefix}.{rest(12)}.{serial}",
        "sgcn": lambda: f"id:sgcn:{prefix}.{rest(12)}.{draw(_digits(12))}",
        "gsrn": lambda: f"id:gsrn:{prefix}.{rest(17)}",
        "gsrnp": lambda: f"id:gsrnp:{prefix}.{rest(17)}",
        "gsin": lambda: f"id:gsin:{prefix}.{rest(16)}",
        "ginc": lambda: f"id:ginc:{prefix}.{serial}",
        "cpi": lambda: f"id:cpi:{prefix}.{to_uri(draw(_text(SET_39, 18, 0)))}.{draw(_digits(7))}",
        "pattern": lambda: f"idpat:{draw(st.sampled_from(['grai', 'gdti', 'sgcn']))}:{prefix}.{rest(12)}.*",
    }
    return f"urn:epc:{forms[scheme]()}", length


@given(urns())
def test_urns_survive_the_round_trip(drawn: tuple[str, int]) -> None:
    urn, length = drawn
    uri = canonical_uri(urn)
    assert uri.startswith("https://id.gs1.org/")
    assert canonical_uri(uri) == uri
    assert epc_urn(uri, length) == (urn[:-1] + "0" if _means_none(urn) else urn)
    key = from_urn(urn)
    assert key is not None
    if key[0][0] in ("00", "01", "402", "414", "417", "8017", "8018"):
        assert has_check_digit(key[0][1])


def _means_none(urn: str) -> bool:
    return urn.startswith("urn:epc:id:sgln:") and urn.endswith(".0")


@given(st.text())
def test_any_text_is_read_or_stays(text: str) -> None:
    for head in ("", "urn:epc:id:", "urn:epc:id:sgtin:0614141.812345.", "https://x.example/01/", "https://"):
        found = canonical_uri(head + text)
        assert found == head + text or found.startswith("https://id.gs1.org/")
        assert canonical_uri(found) == found


@given(st.text(alphabet=sorted(SET_82), min_size=1, max_size=20))
def test_values_in_uris_survive(value: str) -> None:
    assert from_uri(to_uri(value)) == value
    uri = uri_of([("01", "09521234543213"), ("21", value)])
    assert key_elements(uri) == [("01", "09521234543213"), ("21", value)]


@pytest.mark.parametrize(
    ("given_as", "canonical"),
    [
        ("https://acme.example/gtin/4012345123456", "https://id.gs1.org/01/04012345123456"),
        ("http://acme.example/00/095212340000000014?x=1", "https://id.gs1.org/00/095212340000000014"),
        ("https://id.gs1.org/party/9521234000006", "https://id.gs1.org/417/9521234000006"),
        ("https://01/obj/4012345123456", "https://01/obj/4012345123456"),
        ("https://acme.example/lot/01/4012345123456", "https://id.gs1.org/01/04012345123456"),
        ("https://acme.example/01/4012345123456/lot/A", "https://id.gs1.org/01/04012345123456/10/A"),
        ("https://acme.example/lot/A#/01/4012345123456", "https://acme.example/lot/A#/01/4012345123456"),
    ],
)
def test_a_short_path_is_of_gs1_where_its_name_is_that_of_a_key(given_as: str, canonical: str) -> None:
    assert canonical_uri(given_as) == canonical
