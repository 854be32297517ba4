"""GS1 Digital Link URIs, read strictly and written (GS1 Digital Link URI syntax 1.6).

`https://any.example/any/path/01/<GTIN>/10/<lot>/21/<serial>?17=<date>`: one primary key, its qualifiers in
their order, other AIs as data attributes in the query. Names in the query that are not all digits are not
GS1's and are passed over. Compressed links are not read.

>>> parse("https://shop.example/01/09521234543213/21/A%2F1?17=271231")
(Element(ai='01', value='09521234543213'), Element(ai='21', value='A/1'), Element(ai='17', value='271231'))
>>> write([("17", "271231"), ("01", "09521234543213"), ("21", "A/1")], "https://shop.example")
'https://shop.example/01/09521234543213/21/A%2F1?17=271231'
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ledger.chain.errors import Refused
from ledger.custody.gs1.canonical import BASE, NAMES
from ledger.custody.gs1.character_sets import from_query, from_uri, to_query, to_uri
from ledger.custody.gs1.element_string import Element, check_element
from ledger.custody.gs1.identifiers import Identifier, find_identifier

_LIMIT: Final = 4096
_WEB: Final = re.compile(r"https?://", re.IGNORECASE)
_LINK: Final = re.compile(
    r"https?://"
    r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"/(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#.*)?",
    re.IGNORECASE | re.DOTALL,
)
_UNFIT: Final = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]")
_SQUEEZED: Final = re.compile(r"[A-Za-z0-9_-]{12,}")
_GTIN_LENGTHS: Final = (8, 12, 13)


def is_web(text: str) -> bool:
    """Tell whether a text is a web address."""
    return _WEB.match(text) is not None


def parse(uri: str, *, short_gtin: bool = False, names: bool = False) -> tuple[Element, ...]:
    """Read a Digital Link URI.

    Args:
        uri: The whole URI.
        short_gtin: Also take GTINs of 8, 12 or 13 digits, as Digital Link 1.1 did.
        names: Also take names of keys such as `gtin`, as Digital Link 1.0 did.

    Raises:
        Malformed: A value breaks a rule of its AI.
        Refused: It is no Digital Link.
    """
    if len(uri) > _LIMIT:
        raise Refused(f"a Digital Link has at most {_LIMIT} characters here, this one has {len(uri)}")
    if (bad := _UNFIT.search(uri)) is not None:
        raise Refused(f"a web address must not hold {bad[0]!r}")
    match = _LINK.fullmatch(uri)
    if match is None or int(match["port"] or 0) > 65535:
        raise Refused("this is no web address with a path")
    parts = match["path"].split("/")
    key, start = _find_key(parts, names)
    found = _read_path(key, parts[start:], short_gtin, names)
    return (*found, *_read_query(found, match["query"] or "", short_gtin))


def _find_key(parts: list[str], names: bool) -> tuple[Identifier, int]:
    """Find the last key from which the path makes pairs to its end."""
    for start in range(len(parts) - 2, -1, -2):
        ai = NAMES.get(parts[start], parts[start]) if names else parts[start]
        identifier = find_identifier(ai)
        if identifier is not None and identifier.path is not None:
            return identifier, start
        if identifier is None:
            break
    named = next((part for part in parts if part in NAMES), None)
    if named is not None:
        raise Refused(f"the path says {named!r}; since Digital Link 1.3 it must be {NAMES[named]!r}")
    if any(_SQUEEZED.fullmatch(part) and not part.isdecimal() for part in parts[-2:]):
        raise Refused("no GS1 key is in the path; if this is a compressed Digital Link: they are not read here")
    raise Refused("no GS1 key is in the path, such as /01/ with a GTIN")


def _read_path(key: Identifier, parts: list[str], short_gtin: bool, names: bool) -> list[Element]:
    found = [_element(key.ai, from_uri(parts[1]), short_gtin)]
    for name, text in zip(parts[2::2], parts[3::2], strict=True):
        ai = NAMES.get(name, name) if names else name
        found.append(_element(ai, from_uri(text), short_gtin))
    if not _in_order(key, [element.ai for element in found[1:]]):
        said = "/".join(element.ai for element in found)
        raise Refused(f"a path {said} is none of the standard's: qualifiers have one order and one key")
    return found


def _in_order(key: Identifier, qualifiers: Sequence[str]) -> bool:
    """Tell whether these are qualifiers of the key, each once, in the order of one sequence."""
    for way in key.path or ():
        rest = iter(way)
        if all(name in rest for name in qualifiers):
            return True
    return not qualifiers


def _read_query(path: list[Element], query: str, short_gtin: bool) -> list[Element]:
    found: list[Element] = []
    key = find_identifier(path[0].ai)
    inside = [element.ai for element in path]
    for part in query.split("&"):
        name, equals, text = part.partition("=")
        if not equals or not (name.isascii() and name.isdecimal()):
            continue
        identifier = find_identifier(name)
        if identifier is None:
            raise Refused(f"the query holds {name}, which is no AI")
        if not identifier.attribute:
            raise Refused(f"AI ({name}) cannot be a data attribute of a Digital Link")
        if name in inside or any(element.ai == name for element in found):
            raise Refused(f"AI ({name}) is in the link twice")
        if key is not None and _fits_path(key, inside[1:], name):
            raise Refused(f"AI ({name}) belongs into the path, after /{path[0].ai}/{path[0].value}")
        found.append(_element(name, from_query(text), short_gtin))
    return found


def _fits_path(key: Identifier, qualifiers: Sequence[str], name: str) -> bool:
    return any(name in way and all(other in way for other in qualifiers) for way in key.path or ())


def _element(ai: str, value: str, short_gtin: bool) -> Element:
    if ai == "01" and len(value) in _GTIN_LENGTHS:
        if not short_gtin:
            raise Refused(f"a GTIN in a Digital Link has 14 digits, got {value!r}: put zeros before it")
        value = value.zfill(14)
    return check_element(ai, value)


def write(elements: Sequence[tuple[str, str]], stem: str = BASE) -> str:
    """Write a Digital Link URI: the first key begins it, what cannot stand in the path goes into the query.

    Args:
        elements: AIs and values, well-formed; the same one twice counts once.
        stem: The address before the first AI, without a slash at its end.

    Raises:
        Refused: There is no key among them, or one can stand neither in the path nor in the query.
    """
    held = dict(elements)
    key = next(
        (found for ai in held if (found := find_identifier(ai)) is not None and found.path is not None), None
    )
    if key is None:
        raise Refused("a Digital Link begins with a key, and there is none among these AIs")
    way = max(key.path or ((),), key=lambda names: sum(name in held for name in names))
    path = [key.ai, *(name for name in way if name in held)]
    rest = [found for ai in held if ai not in path and (found := find_identifier(ai)) is not None]
    for identifier in rest:
        if not identifier.attribute:
            raise Refused(
                f"AI ({identifier.ai}) can stand neither in the path nor in the query of this Digital Link"
            )
    if len(path) + len(rest) != len(held):
        raise Refused("one of these is no AI")
    # Predefined lengths first, as in element strings.
    rest.sort(key=lambda identifier: not identifier.length)
    query = "&".join(f"{identifier.ai}={to_query(held[identifier.ai])}" for identifier in rest)
    return f"{stem}{''.join(f'/{ai}/{to_uri(held[ai])}' for ai in path)}{'?' if query else ''}{query}"
