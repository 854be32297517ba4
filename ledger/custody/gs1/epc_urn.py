"""EPC URNs of GS1 keys, both ways (GS1 EPC Tag Data Standard 2.1 sections 6 and 7).

A URN writes a key with dots around its company prefix (GCP) and without its check digit:

======== ======================================================== =======================================
scheme   URN                                                      element string
======== ======================================================== =======================================
sgtin    `urn:epc:id:sgtin:<GCP>.<indicator+item>.<serial>`        (01) GTIN (21) serial
lgtin    `urn:epc:class:lgtin:<GCP>.<indicator+item>.<lot>`        (01) GTIN (10) lot
upui     `urn:epc:id:upui:<GCP>.<indicator+item>.<serial>`         (01) GTIN (235) serial
itip     `urn:epc:id:itip:<GCP>.<indicator+item>.<n>.<of>.<serial>` (8006) ITIP (21) serial
sscc     `urn:epc:id:sscc:<GCP>.<extension+serial>`                (00) SSCC
sgln     `urn:epc:id:sgln:<GCP>.<location>.<extension or 0>`       (414) GLN (254) extension
pgln     `urn:epc:id:pgln:<GCP>.<party>`                           (417) GLN
grai     `urn:epc:id:grai:<GCP>.<asset type>.<serial>`             (8003) 0 + GRAI
giai     `urn:epc:id:giai:<GCP>.<asset>`                           (8004) GIAI
gdti     `urn:epc:id:gdti:<GCP>.<document type>.<serial>`          (253) GDTI
sgcn     `urn:epc:id:sgcn:<GCP>.<coupon>.<serial>`                 (255) GCN
gsrn     `urn:epc:id:gsrn:<GCP>.<service>`, gsrnp likewise         (8018), (8017) GSRN
gsin     `urn:epc:id:gsin:<GCP>.<shipment>`                        (402) GSIN
ginc     `urn:epc:id:ginc:<GCP>.<consignment>`                     (401) GINC
cpi      `urn:epc:id:cpi:<GCP>.<part>.<serial>`                    (8010) CPID (8011) serial
======== ======================================================== =======================================

A pattern (`urn:epc:idpat:`) with `*` for the serial stands for the class of things without it. Where the GCP ends
is not written in a number: going back to a URN needs its length.

>>> from_urn("urn:epc:id:sgtin:0614141.812345.6789")
[('01', '80614141123458'), ('21', '6789')]
>>> to_urn([("01", "80614141123458"), ("21", "6789")], 7)
'urn:epc:id:sgtin:0614141.812345.6789'
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from ledger.custody.gs1.character_sets import CLASS_39, CLASS_82, from_uri, to_uri
from ledger.custody.gs1.check_digit import check_digit

GCP_LENGTHS: Final = range(6, 13)

Elements = list[tuple[str, str]]


class _Scheme(NamedTuple):
    """How a URN scheme is laid out.

    Args:
        ai: The AI of the key.
        digits: Digits of the key without its check digit; 0: the reference is text, of what remains of 30.
        indicator: The first digit of the reference stands before the GCP.
        zero: A zero stands before the key.
        pieces: Two numbers of two digits follow (piece and total).
        tail: The AI of the last field; empty: it is joined to the key; None: there is none.
        kept: What the last field may hold.
    """

    ai: str
    digits: int
    indicator: bool = False
    zero: bool = False
    pieces: bool = False
    tail: str | None = None
    kept: str = rf"[{CLASS_82}]{{1,20}}"


_SCHEMES: Final = {
    "sgtin": _Scheme("01", 13, indicator=True, tail="21"),
    "lgtin": _Scheme("01", 13, indicator=True, tail="10"),
    "upui": _Scheme("01", 13, indicator=True, tail="235", kept=rf"[{CLASS_82}]{{1,28}}"),
    "itip": _Scheme("8006", 13, indicator=True, pieces=True, tail="21"),
    "sscc": _Scheme("00", 17, indicator=True),
    "sgln": _Scheme("414", 12, tail="254"),
    "pgln": _Scheme("417", 12),
    "grai": _Scheme("8003", 12, zero=True, tail="", kept=rf"[{CLASS_82}]{{1,16}}"),
    "gdti": _Scheme("253", 12, tail="", kept=rf"[{CLASS_82}]{{1,17}}"),
    "sgcn": _Scheme("255", 12, tail="", kept=r"[0-9]{1,12}"),
    "gsrn": _Scheme("8018", 17),
    "gsrnp": _Scheme("8017", 17),
    "gsin": _Scheme("402", 16),
    "giai": _Scheme("8004", 0),
    "ginc": _Scheme("401", 0),
    "cpi": _Scheme("8010", 0, tail="8011", kept=r"[0-9]{1,12}"),
}
_KEPT: Final = {name: re.compile(scheme.kept) for name, scheme in _SCHEMES.items()}
_PART: Final = re.compile(rf"[{CLASS_39}]{{0,30}}")
_ASSET: Final = re.compile(rf"[{CLASS_82}]{{0,90}}")
_URN: Final = re.compile(r"urn:epc:(id|class|idpat):([a-z]+):([0-9]{6,12})\.([^.]*)(?:\.(.*))?", re.DOTALL)
_FREE: Final = re.compile(r"urn:epc:id:(?:giai|ginc):([0-9]{6,12})\.(.+)", re.DOTALL)
_DIGITS: Final = re.compile(r"[0-9]*")
_PIECES: Final = re.compile(r"([0-9]{2})\.([0-9]{2})\.(.*)", re.DOTALL)
# Which scheme writes an element string, by the AI of the key and that of its finest qualifier.
_BY_AI: Final = {(scheme.ai, scheme.tail or ""): name for name, scheme in _SCHEMES.items()}


def from_urn(urn: str) -> Elements | None:
    """Read an EPC URN.

    Returns:
        The key and at most one qualifier as (AI, value), check digits computed; None: it is no well-formed URN of
        a GS1 key.
    """
    if (free := _FREE.fullmatch(urn)) is not None:
        return _from_free(free[1], free[2], "8004" if urn.startswith("giai", 11) else "401")
    if (match := _URN.fullmatch(urn)) is None:
        return None
    kind, name, prefix, reference, rest = match.groups()
    scheme = _SCHEMES.get(name)
    if scheme is None or (kind == "class") != (name == "lgtin") or name in ("giai", "ginc"):
        return None
    pieces = ""
    if scheme.pieces:
        if rest is None or (found := _PIECES.fullmatch(rest)) is None:
            return None
        pieces, rest = found[1] + found[2], found[3]
    if (rest is None) != (scheme.tail is None):
        return None
    tail = rest or ""
    if kind == "idpat":
        if tail != "*":
            return None
        tail = ""
    elif scheme.tail is not None:
        tail = from_uri(tail)
        if not _KEPT[name].fullmatch(tail):
            return None
    key = _key(scheme, prefix, reference, pieces)
    return None if key is None else _with_tail(scheme, key, tail, name)


def _from_free(prefix: str, reference: str, ai: str) -> Elements | None:
    key = prefix + from_uri(reference)
    return [(ai, key)] if _ASSET.fullmatch(key) else None


def _key(scheme: _Scheme, prefix: str, reference: str, pieces: str) -> str | None:
    if not scheme.digits:
        key = prefix + from_uri(reference)
        return key if _PART.fullmatch(key) else None
    if len(prefix) + len(reference) != scheme.digits or not _DIGITS.fullmatch(reference):
        return None
    body = reference[:1] + prefix + reference[1:] if scheme.indicator else prefix + reference
    return f"{'0' if scheme.zero else ''}{body}{check_digit(body)}{pieces}"


def _with_tail(scheme: _Scheme, key: str, tail: str, name: str) -> Elements:
    if not tail or (name == "sgln" and tail == "0"):
        return [(scheme.ai, key)]
    return [(scheme.ai, key), (scheme.tail, tail)] if scheme.tail else [(scheme.ai, key + tail)]


def to_urn(elements: Sequence[tuple[str, str]], gcp_length: int) -> str | None:
    """Write a key and its finest qualifier as an EPC URN, a pattern where the URN would need a serial.

    The check digit is left out, whatever it is: check it before.

    Args:
        elements: The key first, then at most one qualifier, as `from_urn` gives them.
        gcp_length: The number of digits of the company prefix in the key.

    Returns:
        The URN; None: no URN says this, or the prefix has no such length.
    """
    if gcp_length not in GCP_LENGTHS or not 1 <= len(elements) <= 2:
        return None
    ai, value = elements[0]
    qualifier, tail = elements[1] if len(elements) == 2 else ("", "")
    name = _scheme_of(ai, qualifier)
    if name is None:
        return None
    scheme = _SCHEMES[name]
    if not scheme.digits:
        prefix, reference = value[:gcp_length], value[gcp_length:]
        if len(prefix) != gcp_length or not _DIGITS.fullmatch(prefix):
            return None
        if name != "cpi":
            return f"urn:epc:id:{name}:{prefix}.{to_uri(reference)}" if reference else None
        return _urn(name, prefix, to_uri(reference), tail)
    start = 1 if scheme.zero else 0
    body, rest = value[start : start + scheme.digits], value[start + scheme.digits + 1 :]
    if len(body) != scheme.digits or not _DIGITS.fullmatch(body):
        return None
    if scheme.indicator:
        prefix, reference = body[1 : 1 + gcp_length], body[0] + body[1 + gcp_length :]
    else:
        prefix, reference = body[:gcp_length], body[gcp_length:]
    if scheme.pieces:
        return _urn(name, prefix, f"{reference}.{rest[:2]}.{rest[2:]}", tail)
    if scheme.tail is None:
        return f"urn:epc:id:{name}:{prefix}.{reference}"
    if name == "sgln":
        # An extension of 0 means none in a URN, so a URN cannot say the extension 0.
        return None if tail == "0" else f"urn:epc:id:sgln:{prefix}.{reference}.{to_uri(tail) or '0'}"
    return _urn(name, prefix, reference, tail if scheme.tail else rest)


def _scheme_of(ai: str, qualifier: str) -> str | None:
    if not qualifier and ai in ("01", "414", "8006", "8010"):
        return {"01": "sgtin", "414": "sgln", "8006": "itip", "8010": "cpi"}[ai]
    return _BY_AI.get((ai, qualifier))


def _urn(name: str, prefix: str, reference: str, tail: str) -> str:
    if not tail:
        return f"urn:epc:idpat:{name}:{prefix}.{reference}.*"
    return f"urn:epc:{'class' if name == 'lgtin' else 'id'}:{name}:{prefix}.{reference}.{to_uri(tail)}"
