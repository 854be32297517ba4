"""Which lot an instance belongs to, where its code or the event says so, and nowhere else.

1. the code: a Digital Link with a lot and a serial number, `.../01/<GTIN>/10/<lot>/21/<serial>`
2. what the ledger keeps beside a scanned thing: `trace:lot`, and `trace:product` where its code does not name the
   product
3. ilmd of the event that brings it into being: a lot number (`lotNumber`, CBV 2.0 section 7.3.7), of the product
   that the code of the instance names
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from ledger.custody.codes import product_of
from ledger.custody.gs1 import keys
from ledger.custody.gs1.canonical import BASE, canonical_uri
from ledger.custody.gs1.character_sets import to_uri
from ledger.custody.kinds.base import Mention
from ledger.custody.statement import LOT, PRODUCT
from ledger.custody.vocabulary import is_uri

_SERIAL: Final = re.compile(r"/(?:21|ser)/[^/?#]+")
_ILMD_ROLES: Final = frozenset({"epc", "output"})
_OWN: Final = re.compile(r"(https://[^/]+)/(?:obj|class)/")


def lot_of_mention(body: Mapping[str, Any], mention: Mention) -> str | None:
    """Name the lot of an instance, as an event tells; None: it does not, or the thing is no instance.

    Args:
        body: The event.
        mention: One of its things.
    """
    if mention.of_class or mention.role == "parent":
        return None
    if "/10/" in mention.given or "/lot/" in mention.given:  # 1
        lot = canonical_uri(_SERIAL.sub("", mention.given))
        return lot if lot != mention.uri and keys.lot_of(lot) else None
    if type(said := body.get(LOT)) is str:  # 2
        return lot_uri(said, body.get(PRODUCT) or product_of(mention.uri), mention.uri)
    ilmd = body.get("ilmd")
    if type(ilmd) is dict and mention.role in _ILMD_ROLES:  # 3
        for key, value in ilmd.items():
            if type(value) is str and re.split("[:#/]", key)[-1] == "lotNumber":
                return lot_uri(value, product_of(mention.uri), mention.uri)
    return None


def lot_uri(lot: str, product: object, instance: str) -> str | None:
    """Write the URI of a lot by its number and the URI of its product, as `Codes.lot` does for what is typed.

    Args:
        lot: The number, or a URI.
        product: The URI of the product; anything else: it is not known.
        instance: A thing of the lot: whose codes it is called by.
    """
    if is_uri(lot):
        return canonical_uri(lot)
    if type(product) is str:
        if product.startswith(f"{BASE}/01/"):
            return f"{product}/10/{to_uri(lot)}"
        if (own := _OWN.match(product)) is not None:
            return f"{own[1]}/lot/{product[own.end() :]}:{quote(lot, safe='')}"
    if type(product) is str and (own := _OWN.match(instance)) is not None:
        return f"{own[1]}/lot/{quote(product, safe='')}:{quote(lot, safe='')}"
    if product is None and (own := _OWN.match(instance)) is not None:
        return f"{own[1]}/lot/{quote(lot, safe='')}"
    return None
