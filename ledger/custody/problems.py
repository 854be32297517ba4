"""Problems in users' data are values: collected to the end, each with its place and its remedy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file: `line` counts from 1, `field` is the column as the file names it."""

    file: str
    line: int
    field: str
    reason: str
    remedy: str = ""
