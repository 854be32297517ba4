"""One scan, read: the bytes that a scanner sends for one code, and what they say.

Taken are GS1 element strings with an AIM identifier, a leading FNC1 or separators, AIs in brackets, Digital
Link URIs, EPC URNs, GTIN and SSCC in bare digits, and codes that are somebody's own. What is malformed is
refused. What can be read and may be meant otherwise is asked: a separator that seems to be lost, another
character in its place, an AI without those that it needs.

>>> scan = read_scan(b"]C1010952123454321310ABC" + bytes([29]) + b"17271231")
>>> scan.status, scan.uri
('ok', 'https://id.gs1.org/01/09521234543213/10/ABC')
>>> read_scan(b"0109521234543214").reason
"(01) '09521234543214': its check digit is 4, expected 3"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from ledger.chain.errors import Refused
from ledger.custody.gs1 import digital_link, symbology
from ledger.custody.gs1.associations import contradiction_of, lack_of
from ledger.custody.gs1.canonical import finest_key, uri_of
from ledger.custody.gs1.check_digit import has_check_digit
from ledger.custody.gs1.element_string import GS, Element, check_element, parse, parse_bracketed
from ledger.custody.gs1.epc_urn import from_urn

if TYPE_CHECKING:
    from ledger.custody.gs1.lost_separator import Reading

Status = Literal["ok", "refused", "ask"]
Elements = tuple[Element, ...]

LONGEST: Final = 4096  # bytes; no bar code holds more
# What scanners are set to send in place of a separator, other than GS. None is in set 82, so none can be data.
_SUBSTITUTES: Final = ("{GS}", "<GS>", "[GS]", "\x1b[B", "\t", "~", "|", "^", "#", " ")
_KEY_FIRST: Final = re.compile(r"00[0-9]{18}|0[12][0-9]{14}")
_COMPOSITE: Final = "|]e0"
_SETUP: Final = "set the scanner to send the group separator (GS, ASCII 29) and the AIM identifier"


@dataclass(frozen=True, slots=True)
class Scan:
    """What one scan says.

    Args:
        raw: The bytes as they came, without the line end.
        status: `ok`: the code is well-formed. `refused`: it is not, or cannot be read. `ask`: it can be read, and
            a person must say whether it was meant so.
        symbology: The AIM identifier that the scanner sent, such as `]C1`; None: it sent none.
        elements: The AIs and values, in the order of the code; of `ask`, those of the likeliest reading. Empty:
            the code is somebody's own, or refused.
        uri: The canonical Digital Link of the finest key; None: it holds no GS1 key.
        reason: Why it is refused or asked, in words for people.
        readings: Of `ask`: every way to read it, the likeliest first.
        text: The data without the AIM identifier: of a code that is not GS1, the code.
        carrier: The kind of bar code that the AIM identifier names.
    """

    raw: bytes
    status: Status
    symbology: str | None = None
    elements: Elements = ()
    uri: str | None = None
    reason: str | None = None
    readings: tuple[Elements, ...] = ()
    text: str = ""
    carrier: str | None = None


def read_scan(raw: bytes) -> Scan:
    """Read what a scanner sent for one code; it never fails, whatever the bytes.

    Args:
        raw: The bytes between two line ends, in UTF-8; separators as the scanner sends them.
    """
    if len(raw) > LONGEST:
        return Scan(raw, "refused", reason=f"a code has at most {LONGEST} bytes, this one has {len(raw)}")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return Scan(
            raw, "refused", reason=f"byte {error.start} is no UTF-8: is the scanner set to another code page?"
        )
    mark: str | None = None
    found = Scan(raw, "ok", text=text)
    try:
        mark, text = symbology.split(text)
        if mark is None:
            return _read_unmarked(replace(found, text=text))
        carrier = symbology.carrier_of(mark)
        found = replace(found, text=text, symbology=f"]{mark}", carrier=carrier.name)
        return _read_marked(found, carrier.content)
    except Refused as error:
        return replace(found, status="refused", reason=str(error), symbology=mark and f"]{mark}")


def _read_marked(scan: Scan, content: symbology.Content) -> Scan:
    """Read data whose kind of bar code is known."""
    text = scan.text
    if content == "gs1":
        return _read_element_string(scan, text)
    if content == "plain":
        return _read_unmarked(scan, plain=True) if text else scan
    composite: Elements = ()
    if content != "itf":
        text, bar, more = text.partition(_COMPOSITE)
        composite = parse(more) if bar else ()
        lengths = (13,) if content == "ean13" else (8,)
        if len(text) not in lengths or not (text.isascii() and text.isdecimal()):
            raise Refused(f"this bar code has {lengths[0]} digits, got {text!r}")
    elif len(text) != 14 or not (text.isascii() and text.isdecimal()):
        return _read_unmarked(scan, plain=True)
    return _judged(scan, (check_element("01", text.zfill(14)), *composite))


def _read_unmarked(scan: Scan, *, plain: bool = False) -> Scan:
    """Read data by its own form."""
    text = scan.text
    if not text:
        raise Refused("the scan is empty")
    if digital_link.is_web(text):
        return _judged(scan, digital_link.parse(text))
    if text.startswith("urn:epc:"):
        return _read_urn(scan, text)
    if text[0] == "(" and (len(text) == 1 or text[1].isdecimal()):
        return _judged(scan, parse_bracketed(text))
    if not plain and text[0] in (GS, "^"):
        return _judged(scan, parse(text[1:].replace("^", GS) if text[0] == "^" else text[1:]))
    if text.isascii() and text.isdecimal() and (element := _bare_key(text)) is not None:
        return _judged(scan, (element,))
    if GS in text:
        return _read_element_string(scan, text)
    return _read_unsure(scan, text)


def _bare_key(digits: str) -> Element | None:
    """Read digits whose number says what they are; 8 and 12 only where the check digit fits."""
    if len(digits) == 18:
        return check_element("00", digits)
    if len(digits) in (13, 14) or (len(digits) in (8, 12) and has_check_digit(digits)):
        return check_element("01", digits.zfill(14))
    return None


def _read_urn(scan: Scan, urn: str) -> Scan:
    key = from_urn(urn)
    if key is None:
        raise Refused("this is no EPC URN of a GS1 key")
    return _judged(scan, tuple(check_element(ai, value) for ai, value in key))


def _read_element_string(scan: Scan, text: str) -> Scan:
    """Read what the scanner says is GS1 data; ask where a separator may be lost."""
    try:
        literal = parse(text)
    except Refused as error:
        found = _readings(text)
        if not found:
            raise
        return _asked(scan, found, f"{error}. It reads with a group separator put back: {_SETUP}")
    if GS not in text and (hidden := _hidden(text)):
        return _asked(scan, hidden, f"another AI may be hidden in a value, its group separator lost: {_SETUP}")
    return _judged(scan, literal)


def _read_unsure(scan: Scan, text: str) -> Scan:
    """Read data that may be an element string of a scanner that marks nothing, or somebody's own code.

    It is GS1 only where a check digit in it says so.
    """
    if _KEY_FIRST.match(text):
        for mark in _SUBSTITUTES:
            if mark in text:
                return _read_substituted(scan, text, mark)
        return _read_element_string(scan, text)
    if not text[:2].isdecimal() or not text.isascii():
        return scan
    if found := [reading for reading in _raw_readings(text) if reading.keyed]:
        elements = tuple(_elements(reading.elements) for reading in found)
        return _asked(scan, elements, f"this may be a GS1 code whose group separators are lost: {_SETUP}")
    return scan


def _read_substituted(scan: Scan, text: str, mark: str) -> Scan:
    try:
        elements = parse(text.replace(mark, GS))
    except Refused as error:
        raise Refused(f"{error} (with {mark!r} taken for the group separator)") from None
    return _asked(scan, (elements,), f"the scanner seems to send {mark!r} for the group separator: {_SETUP}")


def _raw_readings(text: str) -> list[Reading]:
    from ledger.custody.gs1.lost_separator import readings

    return readings(text)


def _readings(text: str) -> tuple[Elements, ...]:
    return tuple(_elements(reading.elements) for reading in _raw_readings(text))


def _hidden(text: str) -> tuple[Elements, ...]:
    """Find the readings of a text that reads as it is, where another rests on check digits and dates alone."""
    found = _raw_readings(text)
    if any(reading.lost and not reading.blind for reading in found):
        return tuple(_elements(reading.elements) for reading in found)
    return ()


def _elements(pairs: Sequence[tuple[str, str]]) -> Elements:
    return tuple(Element(ai, value) for ai, value in pairs)


def _asked(scan: Scan, readings: tuple[Elements, ...], reason: str) -> Scan:
    key = finest_key(readings[0])
    if len(readings) > 1:
        from ledger.custody.gs1.lost_separator import MOST

        at_least = "at least " if len(readings) == MOST else ""
        reason = f"{reason}; there are {at_least}{len(readings)} ways to read it"
    uri = None if key is None else uri_of(key)
    return replace(scan, status="ask", elements=readings[0], uri=uri, readings=readings, reason=reason)


def _judged(scan: Scan, elements: Elements) -> Scan:
    """Judge elements together: refuse what contradicts itself, ask where something is missing."""
    if (wrong := contradiction_of(elements)) is not None:
        raise Refused(wrong)
    if (lack := lack_of(elements)) is not None:
        return _asked(scan, (elements,), f"{lack}: is it in another bar code of the label?")
    key = finest_key(elements)
    return replace(scan, elements=elements, uri=None if key is None else uri_of(key))
