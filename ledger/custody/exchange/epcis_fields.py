"""The fields of EPCIS 2.0 by event type, in the order of the XML schema (EPCIS 2.0 section 7.3, XSD)."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

_FIRST: Final = (
    "eventTime",
    "recordTime",
    "eventTimeZoneOffset",
    "eventID",
    "errorDeclaration",
    "certificationInfo",
)
_WHY: Final = ("action", "bizStep", "disposition", "readPoint", "bizLocation")
_ENDS: Final = ("sourceList", "destinationList", "sensorElementList", "persistentDisposition")
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "ObjectEvent": (*_FIRST, "epcList", *_WHY, "bizTransactionList", "quantityList", *_ENDS, "ilmd"),
    "AggregationEvent": (
        *_FIRST, "parentID", "childEPCs", *_WHY, "bizTransactionList", "childQuantityList", *_ENDS,
    ),
    "TransactionEvent": (*_FIRST, "bizTransactionList", "parentID", "epcList", *_WHY, "quantityList", *_ENDS),
    "TransformationEvent": (
        *_FIRST, "inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList", "transformationID",
        *_WHY[1:], "bizTransactionList", *_ENDS, "ilmd",
    ),
    "AssociationEvent": (
        *_FIRST, "parentID", "childEPCs", "childQuantityList", *_WHY, "bizTransactionList", *_ENDS,
    ),
}  # fmt: skip
# The standard gives a TransformationEvent no action; some write one, which is kept.
ALLOWED: Final = {kind: frozenset((*fields, "action", "type", "@context")) for kind, fields in FIELDS.items()}
EPC_LISTS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
QUANTITY_LISTS: Final = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
TYPED_LISTS: Final = {
    "bizTransactionList": "bizTransaction",
    "sourceList": "source",
    "destinationList": "destination",
}
# What a member of a list is called in XML.
MEMBERS: Final = {
    **dict.fromkeys(EPC_LISTS, "epc"),
    **dict.fromkeys(QUANTITY_LISTS, "quantityElement"),
    **TYPED_LISTS,
    "sensorElementList": "sensorElement",
    "correctiveEventIDs": "correctiveEventID",
}
METADATA_TIMES: Final = ("time", "startTime", "endTime")
METADATA_URIS: Final = ("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules")
METADATA: Final = frozenset((*METADATA_TIMES, *METADATA_URIS))
REPORT_NUMBERS: Final = frozenset(("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"))
REPORT_URIS: Final = frozenset(
    (
        "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules", "microorganism",
        "chemicalSubstance", "uriValue", "coordinateReferenceSystem",
    )
)  # fmt: skip
REPORT: Final = frozenset(
    (
        *REPORT_NUMBERS, *REPORT_URIS, "type", "exception", "component", "time", "stringValue", "booleanValue",
        "hexBinaryValue", "uom",
    )
)  # fmt: skip


class _AnyName:
    def __contains__(self, name: object) -> bool:
        return True


ANY_NAME: Final = _AnyName()


def is_extension(key: str, names: Container[str]) -> bool:
    """Tell whether a key can be that of an extension: it has a prefix, or the context declares it."""
    return ":" in key or key[:1] in "@_" or key in names


def pointer(path: tuple[str | int, ...]) -> str:
    """Write a path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def xpath(path: tuple[str | int, ...]) -> str:
    """Write a path inside of an event, as its JSON has it, as the XPath of the same thing in XML."""
    steps: list[str] = []
    last = ""
    for step in path:
        if isinstance(step, int):
            member = MEMBERS.get(last)
            if member is not None:
                steps.append(f"{member}[{step + 1}]")
            elif steps:
                steps[-1] = f"{last}[{step + 1}]"
        elif last == "sensorReport" or last == "sensorMetadata":
            steps.append(f"@{step}")
        elif not (steps and step in TYPED_LISTS.values()):
            steps.append("@type" if step == "type" and steps else step)
        last = step if isinstance(step, str) else last
    return "".join("/" + step for step in steps)
