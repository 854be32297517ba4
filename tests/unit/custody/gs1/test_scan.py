# SPDX-License-Identifier: Apache-2.0
"""One scan, read: every form it can have, what is asked and what is refused, and any bytes at all."""

import re
import string

import pytest
from biip import ParseError
from biip import parse as biip_parse
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ledger.chain.errors import Refused
from ledger.custody.gs1 import digital_link
from ledger.custody.gs1.associations import contradiction_of, lack_of
from ledger.custody.gs1.canonical import finest_key, uri_of
from ledger.custody.gs1.character_sets import SET_82
from ledger.custody.gs1.check_digit import check_digit
from ledger.custody.gs1.element_string import GS, parse, parse_bracketed, write, write_bracketed
from ledger.custody.gs1.lost_separator import MOST, readings
from ledger.custody.gs1.scan import read_scan

GTIN = "09521234543213"
SSCC = "952132112345678902"
BASE = "https://id.gs1.org"


@pytest.mark.parametrize(
    ("sent", "uri", "elements"),
    [
        (f"]C101{GTIN}10ABC{GS}17271231", f"{BASE}/01/{GTIN}/10/ABC", "(01)%(10)ABC(17)271231"),
        (f"]d201{GTIN}21S-1", f"{BASE}/01/{GTIN}/21/S-1", "(01)%(21)S-1"),
        (f"]Q301{GTIN}", f"{BASE}/01/{GTIN}", "(01)%"),
        (f"]e001{GTIN}", f"{BASE}/01/{GTIN}", "(01)%"),
        (f"]J100{SSCC}", f"{BASE}/00/{SSCC}", f"(00){SSCC}"),
        ("]E04006381333931", f"{BASE}/01/04006381333931", "(01)04006381333931"),
        ("]E00036000291452", f"{BASE}/01/00036000291452", "(01)00036000291452"),
        ("]E496385074", f"{BASE}/01/00000096385074", "(01)00000096385074"),
        (f"]I1{GTIN}", f"{BASE}/01/{GTIN}", "(01)%"),
        ("]E04006381333931|]e010L1", f"{BASE}/01/04006381333931/10/L1", "(01)04006381333931(10)L1"),
        (f"{GS}01{GTIN}10A", f"{BASE}/01/{GTIN}/10/A", "(01)%(10)A"),
        (f"^01{GTIN}10A^21B", f"{BASE}/01/{GTIN}/21/B", "(01)%(10)A(21)B"),
        (f"01{GTIN}10A{GS}21B", f"{BASE}/01/{GTIN}/21/B", "(01)%(10)A(21)B"),
        (f"(01){GTIN}(10)A(21)B", f"{BASE}/01/{GTIN}/21/B", "(01)%(10)A(21)B"),
        (f"(01) {GTIN} (10) A", f"{BASE}/01/{GTIN}/10/A", "(01)%(10)A"),
        (f"(01){GTIN}(10)A\\(1)", f"{BASE}/01/{GTIN}/10/A(1)", "(01)%(10)A(1)"),
        (
            f"https://x.example/01/{GTIN}/10/A%2F1?17=271231",
            f"{BASE}/01/{GTIN}/10/A%2F1",
            "(01)%(10)A/1(17)271231",
        ),
        (f"]Q1HTTPS://x.example/01/{GTIN}", f"{BASE}/01/{GTIN}", "(01)%"),
        ("urn:epc:id:sgtin:952123454321.0.S1", f"{BASE}/01/{GTIN}/21/S1", "(01)%(21)S1"),
        (SSCC, f"{BASE}/00/{SSCC}", f"(00){SSCC}"),
        ("4006381333931", f"{BASE}/01/04006381333931", "(01)04006381333931"),
        ("96385074", f"{BASE}/01/00000096385074", "(01)00000096385074"),
        ("(414)9521234543213(254)A", f"{BASE}/414/9521234543213/254/A", "(414)9521234543213(254)A"),
        ("(8004)9521234A7", f"{BASE}/8004/9521234A7", "(8004)9521234A7"),
        ("(8010)9521234P#1(8011)12", f"{BASE}/8010/9521234P%231/8011/12", "(8010)9521234P#1(8011)12"),
        (f"(01){GTIN}(414)9521234543213", f"{BASE}/01/{GTIN}", "(01)%(414)9521234543213"),
    ],
)
def test_forms(sent: str, uri: str, elements: str) -> None:
    scan = read_scan(sent.encode())
    assert (scan.status, scan.uri, scan.reason) == ("ok", uri, None)
    assert write_bracketed(scan.elements) == elements.replace("%", GTIN)
    assert scan.symbology == (sent[:3] if sent.startswith("]") else None)
    assert scan.raw == sent.encode()


@pytest.mark.parametrize(
    "sent", ["BASKET-0205", "PO 17/3", "12345", "123456789013", "2026-03-01", "]C0BOX-1", "]A0X", "Café", "]Q1"]
)
def test_own_codes(sent: str) -> None:
    scan = read_scan(sent.encode())
    assert (scan.status, scan.elements, scan.uri) == ("ok", (), None)
    assert scan.text == (sent[3:] if sent.startswith("]") else sent)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"", "empty"),
        (b"]", "AIM"),
        (b"]X9A", "AIM"),
        (b"]E3963850741234567", "add-on"),
        (b"]C1", "empty"),
        (b"]C10109521234543214", "check digit is 4, expected 3"),
        (b"]C1010952123454321", "too short"),
        (b"]C1" + f"01{GTIN}17271331".encode(), "no month 13"),
        (b"]C1" + f"01{GTIN}17270229".encode() + b"10A", "no day 29"),
        (b"]C1" + f"01{GTIN}10A B".encode(), "set 82"),
        (b"]C1" + f"01{GTIN}89A".encode(), "no AI begins with '89A'"),
        (b"]C1" + f"01{GTIN}02{GTIN}3712".encode(), "cannot stand together"),
        (b"]C1" + f"01{GTIN}10A\x1d10B".encode(), "twice with different values"),
        (b"]E04006381333932", "check digit"),
        (b"]E0400638133393", "13 digits"),
        (b"]I109521234543214", "check digit"),
        (b"4006381333932", "check digit"),
        (b"952132112345678903", "check digit"),
        (b"0109521234543214", "check digit"),
        (b"(01)09521234543214", "check digit"),
        (b"(01", "AI in brackets"),
        (b"(1)A", "AI in brackets"),
        (b"https://x.example/", "no web address|no GS1 key"),
        (b"https://x.example/01/9521234543213", "14 digits"),
        (b"https://x.example/gtin/09521234543213", "must be '01'"),
        (b"https://x.example/ARFKk4XB0CDKWcnpq", "compressed"),
        (b"https://x.example/01/09521234543213/21/A/10/B", "one order"),
        (b"https://x.example/01/09521234543213?10=B", "belongs into the path"),
        (b"https://x.example/01/09521234543213?99=A&99=A", "twice"),
        (b"https://x.example/01/09521234543213?21=A", "cannot be a data attribute"),
        (b"https://x.example/01/09521234543213?88=A", "no AI"),
        (b"https://x.example:65536/01/09521234543213", "web address"),
        (b"https://x.example/01/09521234543213/10/%00", "set 82"),
        (b"urn:epc:id:sgtin:1.2.3", "no EPC URN"),
        (b"\xff\xfe", "UTF-8"),
        (b"A" * 4097, "4096"),
        (b"https://x.example/" + b"a" * 4070 + b"/01/1", "GTIN|too short|no GS1"),
    ],
)
def test_refused(sent: bytes, says: str) -> None:
    scan = read_scan(sent)
    assert scan.status == "refused"
    assert scan.reason is not None
    assert re.search(says, scan.reason), scan.reason
    assert (scan.elements, scan.uri, scan.readings) == ((), None, ())


@pytest.mark.parametrize(
    ("sent", "first", "more", "says"),
    [
        # The lot swallows a date, which another reading brings to light.
        (f"]C101{GTIN}10ABC17271231", "(01)%(10)ABC(17)271231", 2, "separator"),
        (f"01{GTIN}10ABC17271231", "(01)%(10)ABC(17)271231", 2, "separator"),
        # No reading without another separator.
        (f"]C101{GTIN}21{'S' * 20}17271231", "(01)%(21)SSSSSSSSSSSSSSSSSSSS(17)271231", 1, "too long"),
        # Something else in the place of the separator.
        (f"01{GTIN}10ABC~17271231", "(01)%(10)ABC(17)271231", 1, "'~'"),
        (f"01{GTIN}10ABC|21X", "(01)%(10)ABC(21)X", 1, "'|'"),
        (f"01{GTIN}10ABC{{GS}}21X", "(01)%(10)ABC(21)X", 1, "{GS}"),
        (f"01{GTIN}10ABC<GS>21X", "(01)%(10)ABC(21)X", 1, "<GS>"),
        (f"01{GTIN}10ABC 21X", "(01)%(10)ABC(21)X", 1, "' '"),
        # What it needs is elsewhere.
        ("]C110ABC", "(10)ABC", 1, "another bar code"),
        (f"(02){GTIN}(37)12", f"(02){GTIN}(37)12", 1, "another bar code"),
    ],
)
def test_asked(sent: str, first: str, more: int, says: str) -> None:
    scan = read_scan(sent.encode())
    assert (scan.status, write_bracketed(scan.elements)) == ("ask", first.replace("%", GTIN))
    assert len(scan.readings) >= more
    assert scan.readings[0] == scan.elements
    assert scan.reason is not None
    assert says in scan.reason


def test_a_separator_elsewhere_shows_that_the_scanner_sends_them() -> None:
    scan = read_scan(f"]C101{GTIN}10ABC17271231{GS}21X".encode())
    assert (scan.status, write_bracketed(scan.elements)) == ("ok", f"(01){GTIN}(10)ABC17271231(21)X")


def naive_readings(text: str) -> set[tuple[tuple[str, str], ...]]:
    """Put separators at every set of at most four places, and keep what reads."""
    from itertools import combinations

    found = set()
    for count in range(5):
        for places in combinations(range(1, len(text)), count):
            cut = "".join((GS if at in places else "") + char for at, char in enumerate(text))
            try:
                elements = parse(cut)
            except Refused:
                continue
            if count and (contradiction_of(elements) or lack_of(elements)):
                continue
            # A separator after a predefined length is none that was lost.
            if len(write(elements).replace(GS, "")) == len(text) and write(elements).count(GS) == count:
                found.add(tuple(tuple(element) for element in elements))
    return found


@pytest.mark.parametrize(
    "tail", ["10A21B", "21A10B", "10123456", "10A17271231", "17271231", "30110A", "10", "10A21B22C99D"]
)
def test_readings_against_all_ways_to_cut(tail: str) -> None:
    text = f"01{GTIN}{tail}"
    assert {reading.elements for reading in readings(text)} == naive_readings(text)


def test_readings_are_bounded() -> None:
    assert len(readings("01" + GTIN + "21" + "10" * 40)) <= MOST
    assert readings("10" * 4000) == []
    scan = read_scan(f"]C101{GTIN}21{'9910' * 8}17271231".encode())
    assert (scan.status, len(scan.readings)) == ("ask", MOST)
    assert f"at least {MOST} ways" in str(scan.reason)


VALUES = st.text(alphabet=sorted(SET_82), min_size=1, max_size=20)
DATES = st.dates().map(lambda day: f"{day.year % 100:02}{day.month:02}{min(day.day, 28):02}")


def checked(count: int) -> st.SearchStrategy[str]:
    return st.text(alphabet=string.digits, min_size=count - 1, max_size=count - 1).map(
        lambda body: body + check_digit(body)
    )


@st.composite
def labels(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Draw what a label of goods says, well-formed."""
    said = [("01", draw(checked(14)))]
    if draw(st.booleans()):
        said += draw(
            st.lists(
                st.tuples(st.sampled_from(["11", "13", "15", "17"]), DATES), max_size=2, unique_by=lambda x: x[0]
            )
        )
    more = st.sampled_from(["10", "21", "22", "240", "400", "99"])
    said += draw(st.lists(st.tuples(more, VALUES), max_size=3, unique_by=lambda pair: pair[0]))
    if draw(st.booleans()):
        said.append(("3103", draw(st.text(alphabet=string.digits, min_size=6, max_size=6))))
    return said


@given(labels())
def test_every_form_says_the_same(said: list[tuple[str, str]]) -> None:
    """Element string, brackets and Digital Link go to and fro without loss."""
    expected = uri_of(finest_key(said) or [])
    for mark in ("]C1", "]d2", "]Q3", GS):
        scan = read_scan((mark + write(said)).encode())
        if GS in write(said) or mark == GS:
            assert scan.status == "ok", scan.reason
        assert said in (
            [list(map(tuple, reading)) for reading in scan.readings] or [list(map(tuple, scan.elements))]
        )
    escaped = [(ai, value.replace("\\", "\\\\").replace("(", "\\(")) for ai, value in said]
    assert list(parse_bracketed(write_bracketed(escaped))) == said
    link = digital_link.write(said, "https://x.example/a")
    scan = read_scan(link.encode())
    assert (scan.status, scan.uri) == ("ok", expected), scan.reason
    assert sorted(scan.elements) == sorted(said)


@given(labels())
def test_a_public_reader_agrees(said: list[tuple[str, str]]) -> None:
    """biip reads what we write as we do; it knows fewer rules, so only what is well-formed is compared."""
    assume(all(value.strip() == value for _, value in said))
    text = write(said)
    try:
        message = biip_parse("]C1" + text).gs1_message
    except ParseError:
        # It asks of dates that the calendar of its own window has them.
        assume(False)
        return
    assert message is not None
    theirs = [(element.ai.ai, element.value) for element in message.element_strings]
    assert theirs == said
    assert parse(text) == tuple(said)


@given(labels(), st.data())
def test_a_lost_separator_is_never_taken_silently_where_it_breaks_a_rule(
    said: list[tuple[str, str]], data: st.DataObject
) -> None:
    """Whatever gets lost, the label itself is among the readings, or the code reads as it stands."""
    text = write(said)
    assume(text.count(GS) in (1, 2))
    scan = read_scan(("]C1" + text.replace(GS, "")).encode())
    if scan.status == "ask" and len(scan.readings) < MOST:
        assert said in [list(map(tuple, reading)) for reading in scan.readings]
    else:
        assert scan.status in ("ok", "ask")


@settings(max_examples=400)
@given(
    st.binary(max_size=80),
    st.sampled_from(
        [b"", b"]C1", b"]Q1", b"(01)", b"https://x/01/", b"urn:epc:id:", b"^", b"0109521234543213", b"]E0"]
    ),
)
@example(b"\x1d\x1d", b"]C1")
@example(b"%", b"https://x/01/")
@example("٠١".encode(), b"")
@example("²".encode(), b"]E0")
def test_any_bytes_are_judged(raw: bytes, head: bytes) -> None:
    scan = read_scan(head + raw)
    assert scan.raw == head + raw
    assert scan.status in ("ok", "refused", "ask")
    assert (scan.reason is None) == (scan.status == "ok")
    assert bool(scan.readings) == (scan.status == "ask")
    if scan.status == "ok" and scan.elements:
        assert not contradiction_of(scan.elements)
        assert not lack_of(scan.elements)
        for element in scan.elements:
            assert parse(element.ai + element.value) == (element,)
