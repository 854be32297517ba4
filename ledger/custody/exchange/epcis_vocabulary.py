"""Write master data as the header of an EPCIS document (EPCIS 2.0 section 9.4; attributes: CBV 2.0 section 10).

Fields that the CBV has an attribute for are written as that, our own ones under our own namespace, attributes that
came from others as they came; so what is read again says the same. A contact is never written: it was given to
this site, and no attribute of the CBV stands for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from html import escape
from typing import Any, Final

from ledger.chain import canonical
from ledger.chain.commitment import is_commitment
from ledger.custody.event_hash import plain_number
from ledger.custody.exchange.epcis_document import VocabularyElement
from ledger.custody.json_context import PREFIXES
from ledger.custody.master import MasterRecord

MDA: Final = "urn:epcglobal:cbv:mda#"
OWN_FIELDS: Final = PREFIXES["trace"]
OWN_COLUMNS: Final = PREFIXES["own"]
# What a field of ours is called there; `name` is called by what it names.
SAID: Final = ("unit", "shelf_life", "gcp_length", "tolerance", "lot_size", "minimum_lot", "tlc_source")
_VTYPE: Final = "urn:epcglobal:epcis:vtype:"
_VOCABULARIES: Final = {"place": "Location", "product": "EPCClass", "partner": "Party"}
_NAMES: Final = {"product": "descriptionShort"}
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SBDH: Final = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"


def element_of(record: MasterRecord) -> VocabularyElement:
    """Write a record as an element of a vocabulary; values that this ledger does not hold are left out."""
    body = record.body
    type_ = str(body.get("type"))
    vocabulary = body.get("vocabulary")
    own = _VTYPE + _VOCABULARIES.get(type_, "Location")
    kind = vocabulary if isinstance(vocabulary, str) and vocabulary else own
    attributes = tuple(_attributes(body, type_))
    children = body.get("children")
    ids = tuple(one for one in children if isinstance(one, str)) if isinstance(children, list) else ()
    return VocabularyElement(kind, str(body["id"]), attributes, ids)


def _attributes(body: Mapping[str, Any], type_: str) -> Iterator[tuple[str, Any]]:
    if isinstance(name := body.get("name"), str):
        yield MDA + _NAMES.get(type_, "name"), name
    address = body.get("address")
    if isinstance(address, str):
        yield f"{MDA}streetAddressOne", address
    elif isinstance(address, Mapping) and not is_commitment(address):
        yield from ((MDA + key, value) for key, value in address.items() if not is_commitment(value))
    for key in ("latitude", "longitude"):
        if key in body and not is_commitment(body[key]):
            yield MDA + key, _text(body[key])
    for key in SAID:
        if key in body and not is_commitment(body[key]):
            yield OWN_FIELDS + key, _text(body[key])
    attributes = body.get("attributes")
    for key, value in attributes.items() if isinstance(attributes, Mapping) else ():
        if is_commitment(value):
            continue
        name = OWN_COLUMNS + key.removeprefix("own:") if key.startswith("own:") else key
        for one in value if isinstance(value, list) else [value]:
            yield name, one


def _text(value: Any) -> str:
    return plain_number(value) if isinstance(value, Decimal) else str(value)


def _lists(elements: Iterable[VocabularyElement]) -> dict[str, list[VocabularyElement]]:
    found: dict[str, list[VocabularyElement]] = {}
    for element in elements:
        found.setdefault(element.vocabulary, []).append(element)
    return dict(sorted(found.items()))


def json_header(elements: Iterable[VocabularyElement]) -> str:
    """Write the `epcisHeader` of a JSON-LD document, as text with a comma behind it; empty without master data."""
    lists = [
        {
            "type": vocabulary,
            "vocabularyElementList": [
                {
                    "id": element.id,
                    "attributes": [{"id": name, "attribute": value} for name, value in element.attributes],
                    **({"children": list(element.children)} if element.children else {}),
                }
                for element in members
            ],
        }
        for vocabulary, members in _lists(elements).items()
    ]
    if not lists:
        return ""
    header = canonical.encode({"epcisMasterData": {"vocabularyList": lists}}).decode("utf-8")
    return f'"epcisHeader": {header},\n'


def xml_header(elements: Iterable[VocabularyElement], *, version: str, created: str, sender: str) -> str:
    """Write the `EPCISHeader` of an XML document; empty without master data.

    Args:
        elements: The master data.
        version: Of EPCIS; 1.2 wants a business document header, which names a sender and a receiver, and wraps
            what came after 1.0.
        created: When the document was made.
        sender: Who sends it.
    """
    parts = []
    for vocabulary, members in _lists(elements).items():
        inner = "".join(map(_element, members))
        listed = f"<VocabularyElementList>{inner}</VocabularyElementList>"
        parts.append(f'<Vocabulary type="{escape(vocabulary)}">{listed}</Vocabulary>')
    if not parts:
        return ""
    data = f"<EPCISMasterData><VocabularyList>{''.join(parts)}</VocabularyList></EPCISMasterData>"
    if version != "1.2":
        return f"<EPCISHeader>{data}</EPCISHeader>\n"
    ends = f"<s:Sender><s:Identifier>{escape(sender)}</s:Identifier></s:Sender>"
    ends += "<s:Receiver><s:Identifier>unspecified</s:Identifier></s:Receiver>"
    identification = (
        "<s:DocumentIdentification><s:Standard>EPCglobal</s:Standard><s:TypeVersion>1.0</s:TypeVersion>"
        f"<s:InstanceIdentifier>{escape(created)}</s:InstanceIdentifier><s:Type>Events</s:Type>"
        f"<s:CreationDateAndTime>{escape(created)}</s:CreationDateAndTime></s:DocumentIdentification>"
    )
    head = f'<s:StandardBusinessDocumentHeader xmlns:s="{_SBDH}"><s:HeaderVersion>1.0</s:HeaderVersion>'
    head += f"{ends}{identification}</s:StandardBusinessDocumentHeader>"
    return f"<EPCISHeader>{head}<extension>{data}</extension></EPCISHeader>\n"


def _element(element: VocabularyElement) -> str:
    said = "".join(_attribute(name, value) for name, value in element.attributes)
    if element.children:
        ids = "".join(f"<id>{escape(one, quote=False)}</id>" for one in element.children)
        said += f"<children>{ids}</children>"
    return f'<VocabularyElement id="{escape(element.id)}">{said}</VocabularyElement>'


def _attribute(name: str, value: Any) -> str:
    return f'<attribute id="{escape(name)}">{_inner(value)}</attribute>'


def _inner(value: Any) -> str:
    """Write a value; an object, as some headers have, as elements by its keys."""
    if isinstance(value, Mapping):
        return "".join(f"<{key}>{_inner(inner)}</{key}>" for key, inner in value.items() if key.isidentifier())
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(_NOT_XML.sub("", _text(value)), quote=False)
