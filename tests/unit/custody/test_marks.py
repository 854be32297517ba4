# SPDX-License-Identifier: Apache-2.0
"""What the search of the log looks for: every spelling of a thing holds all of one of its marks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain import canonical
from ledger.custody.gs1.canonical import canonical_uri, epc_urn
from ledger.custody.gs1.character_sets import SET_82, to_uri
from ledger.custody.index.marks import exactly, marks_of

KEYS = {
    "00": "952132112345678902",
    "01": "09521234543213",
    "253": "9521234543213",
    "255": "9521234543213",
    "402": "95213211234567899",
    "414": "9521234543213",
    "417": "9521234543213",
    "8003": "09521234543213",
    "8006": "095212345432130102",
    "8017": "952132112345678902",
    "8018": "952132112345678902",
    "401": "9521234",
    "8004": "9521234",
    "8010": "9521234AB",
}
QUALIFIERS = {"01": ("21", "10", "235"), "8006": ("21",), "414": ("254",)}
JOINED = {"253", "8003", "401", "8004"}


def found_in(spelling: str, uri: str) -> bool:
    held = canonical.encode(spelling)
    return any(all(mark in held for mark in marks) for marks in marks_of(uri))


@given(
    st.sampled_from(sorted(KEYS)),
    st.text(alphabet=sorted(SET_82), min_size=1, max_size=16),
    st.integers(6, 12),
    st.integers(0, 2),
)
def test_every_spelling_is_found(ai: str, tail: str, gcp_length: int, which: int) -> None:
    value = KEYS[ai] + (to_uri(tail) if ai in JOINED else "")
    names = QUALIFIERS.get(ai, ())
    path = f"/{ai}/{value}" + (f"/{names[which % len(names)]}/{to_uri(tail)}" if names else "")
    uri = f"https://id.gs1.org{path}"
    assert canonical_uri(uri) == uri
    over_escaped = "".join(f"%{ord(char):02x}" if char in "!'()*+,:;=-._" else char for char in path)
    spellings = [uri, f"HTTPS://shop.example/a{path}?17=271231", f"https://x.example{over_escaped}"]
    if ai == "01":
        spellings.append(f"https://x.example{path.replace('/01/0', '/gtin/')}")
    if (urn := epc_urn(uri, gcp_length)) is not None:
        spellings.append(urn)
    for spelling in spellings:
        if canonical_uri(spelling) == uri:
            assert found_in(spelling, uri), spelling


def test_other_things_are_searched_as_they_stand() -> None:
    assert marks_of('https://acme.example/obj/A"B') == [(b'https://acme.example/obj/A\\"B',)]
    assert marks_of("\ud800") == exactly("\ud800") == []


@pytest.mark.parametrize(
    "other",
    ["https://id.gs1.org/00/952132112345678919", "urn:epc:id:sscc:9521321.9123456789", "https://x.example/1"],
)
def test_other_keys_are_not_searched(other: str) -> None:
    assert not found_in(other, "https://id.gs1.org/00/952132112345678902")
