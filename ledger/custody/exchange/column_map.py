"""The map file: how the columns and values of somebody's table become those of an import.

::

    timezone = "America/Sao_Paulo"       # for times without an offset; refused when absent and needed
    ambiguous = "earlier"                # a local time that was twice: "earlier", "later"; default: refuse
    [columns]
    time = "event_time"
    [values.step]
    ordering = "https://acme.example/step/ordering"
    [codes]
    domain = "partner.example"           # whose plain codes these are; default: the ledger's organisation
    plain = ["item"]                     # never read these as GS1 keys
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, get_args

from ledger.chain.errors import Refused
from ledger.custody.codes import PLAIN_KINDS, check_domain
from ledger.custody.exchange.plain_file import open_plain
from ledger.custody.times import Ambiguous, find_zone

COLUMNS: Final = (
    "time", "step", "item", "product", "lot", "quantity", "unit", "place", "from", "to", "container", "party",
    "document", "disposition", "recorded", "promised", "transformation", "role", "event_id",
)  # fmt: skip
MAPPED_VALUES: Final = ("step", "disposition", "unit", "place", "party", "role")
_EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True)
class ColumnMap:
    """How to read a table. `columns` maps our name to the header; `values` maps, for a column, text to text."""

    zone: tzinfo | None = None
    ambiguous: Ambiguous = "refuse"
    columns: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: _EMPTY)
    domain: str | None = None
    plain: frozenset[str] = frozenset()


def load_map(path: Path) -> ColumnMap:
    """Read a map file.

    Raises:
        Refused: It cannot be read, is no TOML, or says something that is not understood.
    """
    try:
        with open_plain(path) as file:
            table = tomllib.load(file)
    except OSError as error:
        raise Refused(f"the map file {path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Refused(f"the map file {path} is no TOML: {error}") from None
    try:
        return parse_map(table)
    except Refused as error:
        raise Refused(f"the map file {path}: {error}", remedy=error.remedy) from None


def parse_map(table: Mapping[str, Any]) -> ColumnMap:
    """Read the content of a map file.

    Raises:
        Refused: It says something that is not understood.
    """
    known = {"timezone", "ambiguous", "columns", "values", "codes"}
    if unknown := sorted(set(table) - known):
        raise Refused(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")
    ambiguous = table.get("ambiguous", "refuse")
    if ambiguous not in get_args(Ambiguous):
        raise Refused(f"ambiguous must be one of {', '.join(get_args(Ambiguous))}, got {ambiguous!r}")
    columns = _strings(table.get("columns", {}), "columns")
    if unknown := sorted(set(columns) - set(COLUMNS)):
        raise Refused(f"unknown column {unknown[0]!r} under [columns]; known: {', '.join(COLUMNS)}")
    if len(set(columns.values())) < len(columns):
        raise Refused("two names under [columns] take the same column of the file")
    values = table.get("values", {})
    if not isinstance(values, dict) or (unknown := sorted(set(values) - set(MAPPED_VALUES))):
        raise Refused(f"under [values] only these may be mapped: {', '.join(MAPPED_VALUES)}")
    codes = table.get("codes", {})
    if not isinstance(codes, dict) or (unknown := sorted(set(codes) - {"domain", "plain"})):
        raise Refused("under [codes] only domain and plain are understood")
    plain = codes.get("plain", [])
    if not isinstance(plain, list) or not all(isinstance(kind, str) and kind in PLAIN_KINDS for kind in plain):
        raise Refused(f"plain under [codes] lists any of {', '.join(sorted(PLAIN_KINDS))}, got {plain!r}")
    domain, zone = codes.get("domain"), table.get("timezone")
    if zone is not None and not isinstance(zone, str):
        raise Refused(f"timezone is a name in quotes, got {zone!r}")
    return ColumnMap(
        zone=None if zone is None else find_zone(zone),
        ambiguous=ambiguous,
        columns=MappingProxyType(columns),
        values=MappingProxyType({name: _strings(found, f"values.{name}") for name, found in values.items()}),
        domain=None if domain is None else check_domain(str(domain)),
        plain=frozenset(plain),
    )


def _strings(table: object, name: str) -> dict[str, str]:
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise Refused(f"under [{name}] every value must be text in quotes")
    return dict(table)
