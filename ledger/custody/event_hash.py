"""The event hash of CBV 2.0 section 8.9: one hash for one event, whatever format it came in.

The pre-hash string names the fields in an order that the standard fixes, each as ``name=value``, joined with
nothing: times in UTC with milliseconds, numbers exact and short, CBV words as web URIs, GS1 identifiers as
canonical Digital Links, the members of a list in code point order, extensions last as ``{namespace}name``.
Left out is what the keeper of an event adds: `recordTime`, `eventID`, `errorDeclaration`, and `certificationInfo`.

CBV 2.1 (draft) differs in two things: it writes the word `sensorElementList`, and it leaves extensions inside of
standard fields where they are, while 2.0 moves them behind all standard fields, with the path of the field before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, Literal

from ledger.chain.errors import Refused
from ledger.custody import cbv_words as words
from ledger.custody.gs1.canonical import canonical_uri
from ledger.custody.json_context import expand, names_of

Cbv = Literal["2.0", "2.1"]

_IGNORED: Final = frozenset(
    {
        "@context",
        "type",
        "recordTime",
        "eventID",
        "errorDeclaration",
        "certificationInfo",
        "comment",
        "rdfs:comment",
    }
)
_COMMENTS: Final = frozenset({"comment", "rdfs:comment", "@context"})
_EPC_LISTS: Final = ("epcList", "inputEPCList", "childEPCs", "outputEPCList")
_METADATA: Final = (
    "time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules",
)  # fmt: skip
_REPORT: Final = (
    "type", "exception", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time", "microorganism",
    "chemicalSubstance", "value", "component", "stringValue", "booleanValue", "hexBinaryValue", "uriValue",
    "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue", "uom", "coordinateReferenceSystem",
)  # fmt: skip
_REPORT_WORDS: Final = {
    "type": words.SENSOR_TYPE, "exception": words.EXCEPTION, "component": words.COMPONENT,
}  # fmt: skip
_TIMES: Final = frozenset({"time", "startTime", "endTime"})
_ID: Final = ("id",)
_QUANTITY: Final = ("epcClass", "quantity", "uom")
_STANDARD: Final = frozenset(
    """
    eventTime eventTimeZoneOffset epcList parentID inputEPCList childEPCs quantityList childQuantityList
    inputQuantityList outputEPCList outputQuantityList action transformationID bizStep disposition
    persistentDisposition readPoint bizLocation bizTransactionList sourceList destinationList sensorElementList
    ilmd
    """.split()
)
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_CBV_URN: Final = re.compile(r"urn:epcglobal:cbv:(bizstep|disp|btt|sdt|er):")
_CBV_WEB: Final = {"bizstep": "BizStep-", "disp": "Disp-", "btt": "BTT-", "sdt": "SDT-", "er": "ER-"}
_TIME: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,60}))?(Z|[+-]\d{2}:\d{2})", re.ASCII
)
_MAX_DEPTH: Final = 100


def event_hash(event: Mapping[str, Any], cbv: Cbv = "2.0") -> str:
    """Give the hash of an event as a named-information URI.

    Args:
        event: An EPCIS 2.0 event in JSON, with its own `@context` where it uses prefixes.
        cbv: The version of the vocabulary standard whose rules to follow.

    Raises:
        Refused: It nests too deep to be an event.
    """
    return f"ni:///sha-256;{event_digest(event, cbv).hex()}?ver=CBV{cbv}"


def event_digest(event: Mapping[str, Any], cbv: Cbv = "2.0") -> bytes:
    """Give the 32 bytes of the hash of an event.

    Raises:
        Refused: As `event_hash`.
    """
    return sha256(prehash(event, cbv).encode("utf-8", "surrogatepass")).digest()


def prehash(event: Mapping[str, Any], cbv: Cbv = "2.0") -> str:
    """Write the string that is hashed (CBV 2.0 section 8.9.1 and 8.9.2).

    Raises:
        Refused: As `event_hash`.
    """
    get = event.get
    names = names_of(get("@context"))
    inline = cbv == "2.1"
    moved: list[str] = []
    out = [f"eventType={get('type', '')}"]
    say = out.append
    if (value := get("eventTime")) is not None:
        say("eventTime=" + _time(_text(value)))
    if value := get("eventTimeZoneOffset"):
        say("eventTimeZoneOffset=" + _value(value))
    for key in ("epcList", "parentID", "inputEPCList", "childEPCs"):
        if value := get(key):
            say(_epcs(key, value) if key != "parentID" else "parentID=" + _value(value))
    for key in ("quantityList", "childQuantityList", "inputQuantityList"):
        if value := get(key):
            say(_quantities(key, value))
    if value := get("outputEPCList"):
        say(_epcs("outputEPCList", value))
    if value := get("outputQuantityList"):
        say(_quantities("outputQuantityList", value))
    if value := get("action"):
        say("action=" + _value(value))
    if value := get("transformationID"):
        say("transformationID=" + _value(value))
    if value := get("bizStep"):
        say("bizStep=" + _value(words.BIZ_STEP.web(_text(value))))
    if value := get("disposition"):
        say("disposition=" + _value(words.DISPOSITION.web(_text(value))))
    if value := get("persistentDisposition"):
        say(_persistent(value))
    for key in ("readPoint", "bizLocation"):
        if value := get(key):
            inner, more = _place(key, value, names)
            say(inner + more if inline and inner else inner)
            if more and not (inline and inner):
                moved.append(key + more)
    for key, item, kind in (
        ("bizTransactionList", "bizTransaction", words.BIZ_TRANSACTION),
        ("sourceList", "source", words.SOURCE_DESTINATION),
        ("destinationList", "destination", words.SOURCE_DESTINATION),
    ):
        if value := get(key):
            say(_typed(key, value, item, kind))
    if value := get("sensorElementList"):
        said, more = _sensors(value, names, inline=inline)
        if said:
            say("sensorElementList" + said if inline else said)
        if more:
            moved.append(more)
    if (value := get("ilmd")) and type(value) is dict and (said := _children(value, names, 1)):
        say("ilmd" + said)
    out += moved
    rest: list[str] = []
    for key, value in event.items():
        if key not in _STANDARD and key not in _IGNORED:
            rest += _extension(key, value, names, 1)
    rest.sort()
    return "".join(out + rest)


def _text(value: Any) -> str:
    """Write a scalar; JSON truth values in lower case, numbers exact."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return "true" if value else "false"
    if kind is Decimal:
        return plain_number(value)
    return "" if value is None or kind in (dict, list) else str(value)


def _value(value: Any) -> str:
    return _canonical(value if type(value) is str else _text(value))


@lru_cache(maxsize=65_536)
def _canonical(text: str) -> str:
    """Write a value as the hash has it (CBV 2.0 section 8.9.2, rules on trimming, numbers, words and keys)."""
    text = text.strip()
    first = text[:1]
    if first in "0123456789+-." and _NUMBER.fullmatch(text):
        return plain_number(Decimal(text))
    if first == "u" and (match := _CBV_URN.match(text)):
        return f"https://ref.gs1.org/cbv/{_CBV_WEB[match[1]]}{text[match.end() :]}"
    if text.startswith("gs1:"):
        return "https://ref.gs1.org/voc/" + text[4:]
    if text.startswith("cbv:"):
        return "https://ref.gs1.org/cbv/" + text[4:]
    return canonical_uri(text)


def plain_number(number: Decimal) -> str:
    """Write a number without exponent, trailing zeros and plus sign."""
    if not number.is_finite() or abs(number.adjusted()) > 1000:
        return str(number)
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    negative = text.startswith("-")
    digits = text.removeprefix("-").lstrip("0")
    digits = "0" + digits if digits.startswith(".") or not digits else digits
    return "-" + digits if negative and digits != "0" else digits


def _time(text: str) -> str:
    """Write a time in UTC with three decimals, rounded half up, carry allowed."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return text
    try:
        moment = datetime.fromisoformat(match[1] + match[3])
        fraction = (match[2] or "") + "0000"
        # Half up of decimal digits is decided by the fourth alone.
        millis = int(fraction[:3]) + (fraction[3] >= "5")
        moment = moment.astimezone(UTC) + timedelta(milliseconds=millis)
    except (ValueError, OverflowError):
        return text
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _items(value: Any) -> list[Any]:
    return value if type(value) is list else [value]


def _epcs(key: str, value: Any) -> str:
    said = sorted(["epc=" + _value(epc) for epc in _items(value)])
    return key + "".join(said) if said else ""


def _quantities(key: str, value: Any) -> str:
    said = []
    for element in _items(value):
        if type(element) is dict:
            fields = "".join(
                f"{name}={_value(element[name])}" for name in _QUANTITY if element.get(name) is not None
            )
            if fields:
                said.append("quantityElement" + fields)
    return key + "".join(sorted(said)) if said else ""


def _persistent(value: Any) -> str:
    said = ""
    if type(value) is dict:
        for name in ("set", "unset"):
            said += "".join(
                sorted(
                    f"{name}={_value(words.DISPOSITION.web(_text(word)))}"
                    for word in _items(value.get(name) or [])
                )
            )
    return "persistentDisposition" + said if said else ""


def _place(key: str, value: Any, names: Mapping[str, str]) -> tuple[str, str]:
    """Render a place; give what is standard, and its extensions."""
    if type(value) is not dict:
        return f"{key}id={_value(value)}", ""
    identifier = value.get("id")
    said = f"{key}id={_value(identifier)}" if identifier else ""
    return said, _extensions_of(value, _ID, names) if len(value) > 1 else ""


def _typed(key: str, value: Any, item: str, kind: words.Words) -> str:
    said = []
    for element in _items(value):
        if type(element) is dict:
            of = element.get("type")
            before = f"type={_value(kind.web(_text(of)))}" if of else ""
            said.append(f"{before}{item}={_value(element.get(item))}")
    return key + "".join(sorted(said)) if said else ""


def _extensions_of(value: Mapping[str, Any], standard: tuple[str, ...], names: Mapping[str, str]) -> str:
    """Render the extensions inside of a standard field; bare names that the standard does not have say nothing."""
    found: list[str] = []
    for key, item in value.items():
        if key not in standard and key not in _COMMENTS and (":" in key or key in names):
            found += _extension(key, item, names, 2)
    found.sort()
    return "".join(found)


def _sensors(value: Any, names: Mapping[str, str], *, inline: bool) -> tuple[str, str]:
    """Render the sensor elements; give what is standard, and what CBV 2.0 moves to the end."""
    said: list[str] = []
    moved: list[str] = []
    for element in _items(value):
        if type(element) is not dict:
            continue
        inner, more = _sensor_fields("sensorMetadata", element.get("sensorMetadata"), _METADATA, names, inline)
        reports = [
            _sensor_fields("sensorReport", report, _REPORT, names, inline)
            for report in _items(element.get("sensorReport") or [])
        ]
        inner += "".join(sorted(report for report, _ in reports))
        more += "".join(extra for _, extra in reports)
        own = _extensions_of(element, ("sensorMetadata", "sensorReport"), names)
        if inline:
            inner += own
        else:
            more += own
        if inner:
            said.append("sensorElement" + inner)
        if more:
            moved.append("sensorElement" + more)
    said.sort()
    return "".join(said), "".join(moved)


def _sensor_fields(
    name: str, value: Any, order: tuple[str, ...], names: Mapping[str, str], inline: bool
) -> tuple[str, str]:
    if type(value) is not dict:
        return "", ""
    fields = ""
    for key in order:
        found = value.get(key)
        if found is None or found == "":
            continue
        kind = _REPORT_WORDS.get(key) if order is _REPORT else None
        text = _text(found)
        said = _time(text) if key in _TIMES else _value(kind.web(text) if kind is not None else text)
        fields += f"{key}={said}"
    more = _extensions_of(value, order, names)
    if inline:
        return (name + fields + more if fields or more else ""), ""
    return (name + fields if fields else ""), (name + more if more else "")


def _extension(key: str, value: Any, names: Mapping[str, str], depth: int) -> list[str]:
    """Render an extension: one text for each value that it has."""
    if depth > _MAX_DEPTH:
        raise Refused(f"an extension nests deeper than {_MAX_DEPTH} levels")
    kind = type(value)
    if kind is list:
        return [text for item in value for text in _extension(key, item, names, depth + 1)]
    name = expand(key[1:] if key.startswith("@") else key, names)
    if kind is dict:
        own = value.get("#text", value.get("@value"))
        text = _value(own) if own is not None else ""
        return [f"{name}{'=' + text if text else ''}{_children(value, names, depth + 1)}"]
    text = _value(value)
    return [f"{name}={text}" if text else name]


def _children(value: Mapping[str, Any], names: Mapping[str, str], depth: int) -> str:
    if (inner := value.get("@context")) is not None:
        names = {**names, **names_of(inner)}
    found: list[str] = []
    for key, item in value.items():
        if key not in _COMMENTS and key not in ("#text", "@value"):
            found += _extension(key, item, names, depth + 1)
    found.sort()
    return "".join(found)
