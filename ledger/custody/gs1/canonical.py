"""The canonical Digital Link URI of a GS1 identifier: one spelling for one thing, for index, hash and display.

EPC URNs, classes and patterns, and Digital Link URIs of any domain become `https://id.gs1.org/<key>[/<qualifier>]`
with the finest qualifier only, GTINs in 14 digits (CBV 2.0 section 8.9, GS1 Digital Link URI syntax section 5).
Reading is lenient on purpose: what others recorded is recognised even where a check digit is wrong or an asset
number is too long, and the key names of Digital Link 1.0 (`gtin`, `lot`, `ser`) are known. What is scanned or
typed is judged elsewhere, strictly. Anything that is not GS1 stays as it is.

>>> canonical_uri("urn:epc:class:lgtin:234567.1890124.1234")
'https://id.gs1.org/01/12345678901248/10/1234'
>>> canonical_uri("https://example.de/gtin/4012345123456/cpv/344/ser/ABC524?x=1")
'https://id.gs1.org/01/04012345123456/21/ABC524'
>>> canonical_uri("https://acme.example/obj/PALLET%207")
'https://acme.example/obj/PALLET%207'
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from ledger.custody.gs1.character_sets import CLASS_39, CLASS_82, from_uri, to_uri
from ledger.custody.gs1.epc_urn import Elements, from_urn, to_urn

BASE: Final = "https://id.gs1.org"

# A key and its qualifiers.
_Link = tuple[tuple[str, str], dict[str, str]]

# The form of each key that may begin a Digital Link. Text keys begin with a company prefix, so with four digits.
_KEYS: Final = {
    ai: re.compile(form)
    for ai, form in {
        "00": r"[0-9]{18}",
        "01": r"[0-9]{8}|[0-9]{12,14}",
        "253": rf"[0-9]{{13}}[{CLASS_82}]{{0,17}}",
        "255": r"[0-9]{13,25}",
        "401": rf"[0-9]{{4}}[{CLASS_82}]{{0,86}}",
        "402": r"[0-9]{17}",
        "414": r"[0-9]{13}",
        "415": r"[0-9]{13}",
        "417": r"[0-9]{13}",
        "8003": rf"0[0-9]{{13}}[{CLASS_82}]{{0,16}}",
        "8004": rf"[0-9]{{4}}[{CLASS_82}]{{0,86}}",
        "8006": r"[0-9]{18}",
        "8010": rf"[0-9]{{4}}[{CLASS_39}]{{0,26}}",
        "8013": rf"[0-9]{{4}}[{CLASS_82}]{{0,21}}",
        "8017": r"[0-9]{18}",
        "8018": r"[0-9]{18}",
    }.items()
}
# The qualifiers of each key, the finest first; those after the bar are known and say nothing finer.
_QUALIFIERS: Final = {
    "01": (("21", "235", "10"), ("22",)),
    "414": (("254",), ("7040",)),
    "415": (("8020",), ()),
    "417": ((), ("7040",)),
    "8004": ((), ("7040",)),
    "8006": (("21", "10"), ("22",)),
    "8010": (("8011",), ()),
    "8017": ((), ("8019",)),
    "8018": ((), ("8019",)),
}
_TEXTS: Final = {
    ai: re.compile(form)
    for ai, form in {
        "10": rf"[{CLASS_82}]{{1,20}}",
        "21": rf"[{CLASS_82}]{{1,20}}",
        "22": rf"[{CLASS_82}]{{1,20}}",
        "235": rf"[{CLASS_82}]{{1,28}}",
        "254": rf"[{CLASS_82}]{{1,20}}",
        "7040": rf"[{CLASS_82}]{{4}}",
        "8011": r"[0-9]{1,12}",
        "8019": r"[0-9]{1,10}",
        "8020": rf"[{CLASS_82}]{{1,25}}",
    }.items()
}
# The names that Digital Link 1.0 allowed for AIs (GS1 Digital Link URI syntax 1.0 section 5; gone since 1.3).
NAMES: Final = {
    "sscc": "00",
    "gtin": "01",
    "gdti": "253",
    "gcn": "255",
    "ginc": "401",
    "gsin": "402",
    "gln": "414",
    "payTo": "415",
    "grai": "8003",
    "giai": "8004",
    "itip": "8006",
    "cpid": "8010",
    "gmn": "8013",
    "gsrnp": "8017",
    "gsrn": "8018",
    "cpv": "22",
    "lot": "10",
    "ser": "21",
    "glnx": "254",
    "cpsn": "8011",
    "srin": "8019",
    "refno": "8020",
}
# The qualifiers that make one thing out of a class; a GRAI is longer where it has a serial number.
_SERIALS: Final = {"01": ("21", "235"), "8006": ("21",), "8010": ("8011",)}
_GRAI_LENGTH: Final = 14
# Which key of several an element string is about.
_PREFERENCE: Final = (
    "00 8004 01 8006 8003 8010 253 255 402 401 8018 8017 414 417 415 8013".split()  # as in `finest_key`
)
_READY: Final = re.compile(r"https://id\.gs1\.org/(?:01/[0-9]{14}|00/[0-9]{18}|41[47]/[0-9]{13})")
# A path of one name and one value is GS1's only where the name is that of a key; others are known at once.
_OWN: Final = re.compile(r"https?://[^/?#]+/([^/?#]+)/[^/?#]*")
_KEY_NAMES: Final = frozenset({*_KEYS, *(name for name, ai in NAMES.items() if ai in _KEYS), "party"})
_WEB: Final = re.compile(r"https?://([^/?#]+)/([^?#]+)(?:[?#].*)?", re.IGNORECASE | re.DOTALL)


def canonical_uri(identifier: str) -> str:
    """Give the canonical Digital Link URI of a GS1 identifier; anything else comes back unchanged.

    Args:
        identifier: A URI as an event holds it: an EPC URN, a Digital Link, or somebody's own.
    """
    if _READY.fullmatch(identifier) or _is_own(identifier):
        return identifier
    elements = key_elements(identifier)
    return identifier if elements is None else uri_of(elements)


def key_elements(identifier: str) -> Elements | None:
    """Read the key of a GS1 identifier and its finest qualifier.

    Returns:
        One or two pairs of (AI, value); None: the identifier is no EPC URN of a GS1 key and no Digital Link.
    """
    if identifier.startswith("urn:epc:"):
        return from_urn(identifier)
    found = _read_link(identifier)
    if found is None:
        return None
    key, qualifiers = found
    finest = next((name for name in _QUALIFIERS.get(key[0], ((), ()))[0] if name in qualifiers), None)
    return [key] if finest is None else [key, (finest, qualifiers[finest])]


def lot_in(identifier: str) -> str | None:
    """Give the lot that a GS1 identifier names, also where it names something finer; None: it names none."""
    if identifier.startswith("urn:epc:"):
        key = from_urn(identifier)
        return dict(key).get("10") if key is not None else None
    found = _read_link(identifier)
    return None if found is None else found[1].get("10")


def _is_own(identifier: str) -> bool:
    """Tell quickly of most URIs of one's own that they are no Digital Link."""
    return (own := _OWN.fullmatch(identifier)) is not None and own[1] not in _KEY_NAMES


@lru_cache(maxsize=1 << 14)
def _read_link(identifier: str) -> _Link | None:
    if _is_own(identifier):
        return None
    match = _WEB.fullmatch(identifier)
    if match is None:
        return None
    parts = match[2].split("/")
    names = dict(NAMES, party="417") if match[1].lower() == "id.gs1.org" else NAMES
    # A path may begin with anything; the key is the last that makes sense of all that follows it.
    for start in range(len(parts) - 2, -1, -2):
        ai = names.get(parts[start], parts[start])
        if ai in _KEYS:
            return _read_path(ai, parts[start + 1 :], names)
        if ai not in _TEXTS:
            return None
    return None


def _read_path(ai: str, parts: list[str], names: dict[str, str]) -> _Link | None:
    values = [from_uri(part) for part in parts[::2]]
    if not _KEYS[ai].fullmatch(values[0]):
        return None
    finer, known = _QUALIFIERS.get(ai, ((), ()))
    found: dict[str, str] = {}
    for name, value in zip(parts[1::2], values[1:], strict=True):
        qualifier = names.get(name, name)
        if qualifier not in (*finer, *known) or qualifier in found or not _TEXTS[qualifier].fullmatch(value):
            return None
        found[qualifier] = value
    return (ai, values[0].zfill(14) if ai == "01" else values[0]), found


def finest_key(elements: Sequence[tuple[str, str]]) -> Elements | None:
    """Choose the key that an element string is about, with its finest qualifier.

    A serial number is finer than a logistic unit, that finer than a kind of goods; keys of places come last,
    since on a label they say where the goods go.

    Returns:
        One or two pairs of (AI, value); None: it holds no key.
    """
    held = dict(elements)
    serials = [name for name, finer in _SERIALS.items() if any(other in held for other in finer)]
    if len(held.get("8003", "")) > _GRAI_LENGTH:
        serials.append("8003")
    ai = next((name for name in (*serials, *_PREFERENCE) if name in held), None)
    if ai is None:
        return None
    finest = next((name for name in _QUALIFIERS.get(ai, ((), ()))[0] if name in held), None)
    return [(ai, held[ai])] if finest is None else [(ai, held[ai]), (finest, held[finest])]


def uri_of(elements: Elements) -> str:
    """Write a key and its qualifier as a canonical Digital Link URI."""
    return BASE + "".join(f"/{ai}/{to_uri(value)}" for ai, value in elements)


def epc_urn(identifier: str, gcp_length: int) -> str | None:
    """Write a GS1 identifier as an EPC URN.

    The check digit is left out unseen, as a URN has none.

    Args:
        identifier: A Digital Link URI or an EPC URN.
        gcp_length: The number of digits of the company prefix in its key, which the key itself does not tell.

    Returns:
        The URN; None: the identifier is not GS1, or no URN says it with a prefix of that length.
    """
    elements = key_elements(identifier)
    return None if elements is None else to_urn(elements, gcp_length)
