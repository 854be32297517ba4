"""Codes as people write them, and the URIs under which the ledger keeps them.

GS1 keys become canonical Digital Link URIs. Every other code becomes a URI by the CBV templates under the
domain of the organisation that gave it (CBV 2.0 section 8.2), percent-encoded:

=========== ==============================  ==================================
what        plain code                      URI
=========== ==============================  ==================================
item        PALLET 7                        https://acme.example/obj/PALLET%207
product     LETTUCE                         https://acme.example/class/LETTUCE
lot         product LETTUCE, lot 24A        https://acme.example/lot/LETTUCE:24A
lot         24A, product not named          https://acme.example/lot/24A
place       DOCK-3                          https://acme.example/loc/DOCK-3
party       smith-farms                     https://acme.example/party/smith-farms
document    PO-1234                         https://acme.example/bt/PO-1234
transform   RUN-9                           https://acme.example/xform/RUN-9
=========== ==============================  ==================================

The number of digits says what a number is: 18 an SSCC, 13 or 14 a GTIN where an item or a product is meant, 13 a
GLN where a place or a party is meant; its check digit must then be right. Own codes of 8 or 12 digits are common,
so such a number is a GTIN where its check digit fits and nothing else names the product, else a plain code.
`plain` names what is never read as a GS1 key. Element strings, with an AIM identifier, with AIs in brackets or
bare, are read as `ledger.custody.gs1.scan` does; what must be asked there is refused here: nobody can be asked.

>>> codes = Codes("acme.example")
>>> codes.item("PALLET 7").uri, codes.place("DOCK-3")
('https://acme.example/obj/PALLET%207', 'https://acme.example/loc/DOCK-3')
>>> codes.short("https://acme.example/lot/LETTUCE:24A")
'LETTUCE:24A'
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, unquote

from ledger.chain.errors import Refused
from ledger.custody.gs1 import keys
from ledger.custody.gs1.canonical import BASE, canonical_uri, key_elements
from ledger.custody.gs1.check_digit import has_check_digit
from ledger.custody.vocabulary import is_uri

if TYPE_CHECKING:
    from ledger.custody.label import Label

LIMIT: Final = 512
_DOMAIN: Final = re.compile(
    r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+"
)
_UNFIT: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ROOMS: Final = ("obj", "class", "lot", "loc", "party", "bt", "xform")
# An AIM identifier, a first separator, or an AI in brackets.
_MARKED: Final = re.compile(r"\][A-Za-z][0-9A-Za-z]|[\x1d^]|\([0-9]")
_KEYED: Final = re.compile(r"00[0-9]{18}|0[12][0-9]{14}")
PLAIN_KINDS: Final = frozenset({"item", "product", "place", "party"})


class Identified(NamedTuple):
    """A URI, and whether it names a class of goods (a product or a lot) rather than one thing."""

    uri: str
    is_class: bool


def check_domain(domain: str) -> str:
    """Pass the domain of an organisation through, or refuse it.

    Raises:
        Refused: It is no lower-case ASCII domain name with a dot.
    """
    if not _DOMAIN.fullmatch(domain):
        raise Refused(f"an organisation is named by its domain in lower case, like acme.example, got {domain!r}")
    return domain


@dataclass(frozen=True)
class Codes:
    """How codes are read for one organisation.

    Args:
        domain: The domain under which plain codes become URIs.
        plain: What is never read as a GS1 key: any of `PLAIN_KINDS`.
    """

    domain: str
    plain: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        check_domain(self.domain)

    def item(self, code: str, *, alone: bool = True) -> Identified:
        """Read an item: SSCC, GTIN (a class), or a plain code.

        Args:
            code: The code.
            alone: Nothing else says which product it is; otherwise 8 and 12 digits are somebody's own code.

        Raises:
            Refused: Malformed, or a wrong check digit.
        """
        if self._is_marked(code):
            label = self.label(code)
            # A bar code of another kind, whose identifier the scanner sent, holds a code of one's own.
            return self.item(code[3:]) if label is None else Identified(label.uri, label.is_class)
        _check(code, "item")
        if is_uri(code):
            return Identified(code, is_class_uri(code))
        if self._is_number("item", code):
            if len(code) == keys.SSCC_LENGTH:
                return Identified(self._or_plain(keys.sscc, code, "item"), False)
            if _may_be_gtin(code) and (alone or len(code) in (13, 14)):
                return Identified(self._or_plain(keys.gtin, code, "item"), True)
        return Identified(self._uri("obj", code), False)

    def _is_marked(self, code: str) -> bool:
        """Tell whether a code is an element string: marked, or beginning with a key that can be checked."""
        return _MARKED.match(code) is not None or ("item" not in self.plain and _KEYED.match(code) is not None)

    def label(self, code: str, *, scanned: bool = False) -> Label | None:
        """Read what a label says of the goods: of a GS1 code more than its key.

        Args:
            code: The code.
            scanned: It comes from a scanner, so a Digital Link or an EPC URN is a label too, and what may be an
                element string with lost separators is no code of one's own.

        Returns:
            None where the code is no GS1 label.

        Raises:
            Refused: Malformed, or it can be read in more than one way.
        """
        if not self._is_marked(code) and not (scanned and self._may_be_label(code)):
            return None
        from ledger.custody.gs1.scan import read_scan
        from ledger.custody.label import read_label

        return read_label(read_scan(code.encode("utf-8", "surrogatepass")))

    def _may_be_label(self, code: str) -> bool:
        if not code[:1].isdecimal():
            return key_elements(code) is not None
        # A number alone is read by its length, in `item`.
        return "item" not in self.plain and not (code.isdecimal() and len(code) <= keys.SSCC_LENGTH)

    def product(self, code: str) -> str:
        """Read a product: GTIN or a plain code.

        Raises:
            Refused: Malformed, or a wrong check digit.
        """
        _check(code, "product")
        if is_uri(code):
            return code
        if self._is_number("product", code) and _may_be_gtin(code):
            return self._or_plain(keys.gtin, code, "product")
        return self._uri("class", code)

    def lot(self, lot: str, product: str | None) -> str:
        """Read a lot, of a product where one is named.

        Raises:
            Refused: Malformed, or a wrong check digit of the product.
        """
        _check(lot, "lot")
        if is_uri(lot):
            return lot
        if product is None:
            return self._uri("lot", lot)
        of = self.product(product)
        if of.startswith(f"{BASE}/01/"):
            return keys.gtin_lot(of.rsplit("/", 1)[1], lot)
        own = f"https://{self.domain}/class/"
        name = of.removeprefix(own) if of.startswith(own) else quote(of, safe="")
        return f"https://{self.domain}/lot/{name}:{quote(lot, safe='')}"

    def place(self, code: str) -> str:
        """Read a place: GLN or a plain code.

        Raises:
            Refused: Malformed, or a wrong check digit.
        """
        _check(code, "place")
        if is_uri(code):
            return code
        if self._is_number("place", code) and len(code) == keys.GLN_LENGTH:
            return self._or_plain(keys.gln, code, "place")
        return self._uri("loc", code)

    def party(self, code: str) -> str:
        """Read a party: GLN or a plain code.

        Raises:
            Refused: Malformed, or a wrong check digit.
        """
        _check(code, "party")
        if is_uri(code):
            return code
        if self._is_number("party", code) and len(code) == keys.GLN_LENGTH:
            return self._or_plain(keys.party_gln, code, "party")
        return self._uri("party", code)

    def document(self, code: str) -> str:
        """Read a business document."""
        return code if is_uri(_check(code, "document")) else self._uri("bt", code)

    def transformation(self, code: str) -> str:
        """Read the identifier of a transformation."""
        return code if is_uri(_check(code, "transformation")) else self._uri("xform", code)

    def short(self, uri: str) -> str:
        """Write a URI as people do: the plain code, or the GS1 key in brackets; other URIs as they are."""
        base = f"https://{self.domain}/"
        if uri.startswith(base):
            room, _, code = uri[len(base) :].partition("/")
            if room in _ROOMS and code and "/" not in code:
                return unquote(code)
        uri = canonical_uri(uri)
        if uri.startswith(f"{BASE}/"):
            parts = uri[len(BASE) + 1 :].split("/")
            if len(parts) % 2 == 0:
                pairs = zip(parts[::2], parts[1::2], strict=True)
                return "".join(f"({ai}){unquote(value)}" for ai, value in pairs)
        return uri

    def called(self, uri: str) -> str:
        """Write what people call a thing: its name where one is known, else its code."""
        return self.short(uri)

    def candidates(self, code: str) -> list[str]:
        """List the URIs under which a typed code may be known, most likely first."""
        if is_uri(code):
            return list(dict.fromkeys((canonical_uri(code), code)))
        if self._is_marked(code):
            with suppress(Refused):  # a plain code may begin like a GS1 message and be none
                return [self.item(code).uri]
        try:
            found = [self._uri("obj", _check(code, "code"))]
        except Refused:
            return []
        for read in (lambda text: self.item(text).uri, self.product, lambda text: self.lot(text, None)):
            try:
                found.insert(-1, read(code))
            except Refused:
                continue
        for colon in (at for at in range(len(code) - 1, 0, -1) if code[at] == ":"):
            try:
                found.insert(-1, self.lot(code[colon + 1 :], code[:colon]))
            except Refused:
                continue
        return list(dict.fromkeys(found))

    def _is_number(self, kind: str, code: str) -> bool:
        return kind not in self.plain and code.isascii() and code.isdigit()

    def _or_plain(self, read: object, code: str, kind: str) -> str:
        try:
            return str(read(code))  # type: ignore[operator]
        except Refused as error:
            raise Refused(
                str(error),
                remedy=f"mend the number, or say that this is no GS1 key: plain = [{kind!r}] under [codes]",
            ) from None

    def _uri(self, room: str, code: str) -> str:
        return f"https://{self.domain}/{room}/{quote(code, safe='')}"


@lru_cache(maxsize=1 << 14)
@lru_cache(maxsize=1 << 12)
def product_of(uri: str) -> str | None:
    """Give the product of a lot or an instance, where its URI says so."""
    if found := keys.product_of(uri):
        return found
    head, slash, code = uri.rpartition("/")
    product, colon, _ = code.partition(":")
    if slash and colon and head.endswith("/lot"):
        # A lot of somebody else's product holds the whole URI of that product.
        whole = unquote(product)
        return whole if is_uri(whole) else f"{head[:-4]}/class/{product}"
    return uri if slash and head.endswith("/class") else None


@lru_cache(maxsize=1 << 14)
def lot_of(uri: str) -> str | None:
    """Give the lot that a URI names."""
    if found := keys.lot_of(uri):
        return found
    head, _, code = uri.rpartition("/")
    return unquote(code.rpartition(":")[2]) if head.endswith("/lot") else None


def _may_be_gtin(digits: str) -> bool:
    return len(digits) in (13, 14) or (len(digits) in (8, 12) and has_check_digit(digits))


def is_class_uri(uri: str) -> bool:
    """Tell whether a URI names a class (a product, a lot), so that an event lists it by quantity."""
    if (key := key_elements(uri)) is not None:
        return keys.is_class(key)
    return "/class/" in uri or "/lot/" in uri or uri.startswith(("urn:epc:class:", "urn:epc:idpat:"))


def _check(code: str, what: str) -> str:
    name = f"an {what}" if what == "item" else f"a {what}"
    if not code or code != code.strip():
        raise Refused(f"{name} must not be empty nor begin or end with white space, got {code!r}")
    if len(code) > LIMIT:
        raise Refused(f"{name} has at most {LIMIT} characters, got {len(code)}")
    if (bad := _UNFIT.search(code)) is not None:
        if bad[0] >= "\ud800":
            raise Refused(f"{name} holds a lone surrogate, which is no character")
        raise Refused(f"{name} holds control characters: {code!r}")
    return code
