"""The table that pages and workbooks are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


class Tabular(Protocol):
    """One table: its title, the names of its columns, its rows; None is an empty cell."""

    @property
    def title(self) -> str:
        """Name the table."""
        ...

    @property
    def head(self) -> tuple[str, ...]:
        """Name the columns."""
        ...

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """Give the rows."""
        ...


@dataclass(frozen=True)
class Table:
    """A table of a report."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[Any, ...]] = field(default_factory=list)
