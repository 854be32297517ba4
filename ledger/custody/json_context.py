"""What names in an event stand for: the `@context` of JSON-LD, read without any network.

Of a context we use the prefixes and the terms that it writes out itself. A context that is only named by its
address is either the one of the standard, whose prefixes are here, or unknown: then its names stay as they are,
and the address is kept. An undeclared prefix is, as JSON-LD 1.1 section 3.2 has it, the scheme of an absolute IRI.

>>> expand("ext:lot", {"ext": "https://acme.example/ns/"})
'{https://acme.example/ns/}lot'
>>> expand("cbvmda:lotNumber", {}), expand("eutex:pfasFree", {})
('{urn:epcglobal:cbv:mda}lotNumber', 'eutex:pfasFree')
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

STANDARD_ADDRESS: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_STANDARD: Final = re.compile(
    r"https?://(?:ref\.gs1\.org|gs1\.github\.io|id\.gs1\.org)/.*epcis-context\.jsonld", re.IGNORECASE
)
# The prefixes of the context of EPCIS 2.0, and our own two.
PREFIXES: Final[Mapping[str, str]] = {
    "epcis": "https://ref.gs1.org/epcis/",
    "cbv": "https://ref.gs1.org/cbv/",
    "gs1": "https://ref.gs1.org/voc/",
    "cbvmda": "urn:epcglobal:cbv:mda",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcterms": "http://purl.org/dc/terms/",
    "trace": "https://trace.example/ns/trace/",
    "own": "https://trace.example/ns/own/",
}
OURS: Final = ("trace", "own")
_EMPTY: Final[Mapping[str, str]] = {}
SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:", re.ASCII)
_IRI: Final = re.compile(r"(.*[/#:])([^/#:]+)", re.DOTALL)


def is_standard(address: str) -> bool:
    """Tell whether an address names the context of EPCIS 2.0."""
    return bool(_STANDARD.fullmatch(address))


def names_of(context: Any) -> Mapping[str, str]:
    """Give what a context declares: prefix, or whole term, to IRI.

    Args:
        context: The value of an `@context`; anything that is none declares nothing.
    """
    if not context or type(context) is str:
        return _EMPTY
    found: dict[str, str] = {}
    for part in context if type(context) is list else [context]:
        if type(part) is dict:
            for name, meaning in part.items():
                iri = meaning.get("@id") if type(meaning) is dict else meaning
                if type(iri) is str and not name.startswith("@"):
                    found[name] = iri
    return found


def merge(outer: Any, inner: Any) -> list[Any]:
    """Put an inner context behind an outer one, which it may override."""
    parts: list[Any] = []
    for context in (outer, inner):
        for part in context if type(context) is list else [context]:
            if part not in (None, [], {}) and part not in parts:
                parts.append(part)
    return parts


def expand(name: str, names: Mapping[str, str]) -> str:
    """Write a name as ``{namespace}local``, as the event hash does; a name without a known prefix as it is.

    Args:
        name: A key of an event: ``prefix:local``, a term, or an IRI.
        names: What the context of the event declares, as `names_of` gives it.
    """
    prefix, colon, local = name.partition(":")
    if not colon:
        iri = names.get(name)
        # What ends like a namespace is a prefix and names no field.
        return name if iri is None or iri[-1:] in "/#:" else _split(_resolve(iri, names))
    namespace = names.get(prefix) or PREFIXES.get(prefix)
    if namespace is not None:
        return _named(namespace, local)
    return _split(name) if local.startswith("//") else name


def _resolve(iri: str, names: Mapping[str, str]) -> str:
    prefix, _, local = iri.partition(":")
    namespace = names.get(prefix) or PREFIXES.get(prefix)
    return iri if namespace is None or local.startswith("//") else namespace + local


def _split(iri: str) -> str:
    match = _IRI.fullmatch(iri)
    return _named(match[1], match[2]) if match else iri


def _named(namespace: str, local: str) -> str:
    """Write a name; under a bare scheme the IRI as a whole, as where the prefix is not declared."""
    return namespace + local if SCHEME.fullmatch(namespace) else f"{{{namespace}}}{local}"


def used_context(context: list[Any], keys: set[str]) -> list[Any]:
    """Give the part of a context that keys need: prefixes that they use, terms, and addresses that are unknown.

    Args:
        context: A context in parts, as `merge` gives it.
        keys: The keys of an event, at every depth.
    """
    prefixes = {key.partition(":")[0] for key in keys}
    kept: list[Any] = []
    declared: dict[str, Any] = {}
    for part in context:
        if type(part) is str:
            if not is_standard(part):
                kept.append(part)
        elif type(part) is dict:
            for name, meaning in part.items():
                whole = type(meaning) is not str or name.startswith("@")
                if whole or (name in prefixes and (PREFIXES.get(name) != meaning or name in declared)):
                    declared[name] = meaning
    return [*kept, declared] if declared else kept
