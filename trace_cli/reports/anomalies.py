"""The answer of `anomalies`: JSON for programs, sentences for people, rows for spreadsheets; what it reads."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.counting import counted
from trace_cli.csv_file import read_csv_file
from trace_cli.formats.answer import say
from trace_cli.formats.csv_text import csv_text

if TYPE_CHECKING:
    from ledger.custody.codes import Codes

SCHEMA: Final = "trace.anomalies/1"
_WIDTH: Final = 80
_ENTRIES: Final = 8  # of an alarm, as shown to people
_COLUMNS: Final = (
    "kind",
    "item",
    "severity",
    "p_value",
    "seqs",
    "expected",
    "seen",
    "explanation",
    "finding",
    "about",
)


def alarm_answers(rows: Sequence[Mapping[str, Any]], codes: Codes) -> list[dict[str, Any]]:
    """Build the list `alarms` of the JSON answer; the sentence names things as people write them."""
    return [
        {
            **{name: row[name] for name in _COLUMNS},
            "severity": round(float(row["severity"]), 4),
            "p_value": float(row["p_value"]),
            "seqs": [int(seq) for seq in row["seqs"]],
            "explanation": f"{_shorten(row['item'], codes)}: {row['kind'].replace('_', ' ')}; expected "
            f"{_shorten(row['expected'], codes)}, seen {_shorten(row['seen'], codes)}",
        }
        for row in rows
    ]


def _shorten(text: str, codes: Codes) -> str:
    """Shorten the URIs in a sentence."""
    return " ".join(
        codes.short(word.rstrip(",")) + "," * word.endswith(",") if "://" in word else word
        for word in text.split(" ")
    )


def alarms_csv(answer: Mapping[str, Any]) -> str:
    """Write all alarms as rows, the entries in one cell."""
    warned = () if answer["verified"] else (False,)
    head = [*_COLUMNS, "verified"] if warned else list(_COLUMNS)
    rows = (
        (*(" ".join(map(str, one[name])) if name == "seqs" else one[name] for name in _COLUMNS), *warned)
        for one in answer["alarms"]
    )
    return csv_text(head, rows)


def write_alarms(answer: Mapping[str, Any]) -> None:
    """Tell people: the alarms by certainty, each with its entries, and what could not be seen."""
    found, shown = answer["alarms_found"], answer["alarms"]
    say(f"{counted(found, 'alarm')} among {counted(answer['checked'], 'item')} judged.")
    for number, one in enumerate(shown, 1):
        text = f"{number}. {one['explanation']}"
        say(textwrap.fill(text, _WIDTH, subsequent_indent="   ", break_long_words=False))
        more = len(one["seqs"]) - _ENTRIES
        entries = " ".join(map(str, one["seqs"][:_ENTRIES])) + (f" and {more} more" if more > 0 else "")
        said = f"entries {entries}; p {one['p_value']:.2g}   trace show {one['seqs'][0]}"
        say(textwrap.fill(said, _WIDTH, initial_indent="   ", subsequent_indent="   "))
        say(f"   finding {one['finding']}")
    if len(shown) < found:
        say(f"The first {len(shown)} of {found} (--top shows more, -o FILE writes all).")
    if blind := [one for one in answer["detectors"] if one["cannot_see"]]:
        say("\nCannot be seen in this history:")
        for one in blind:
            mend = f"; to see it: {one['mend']}" if one["mend"] else ""
            text = f"{one['kind'].replace('_', ' ')}: {one['cannot_see']}{mend}"
            say(textwrap.fill(text, _WIDTH, initial_indent="  - ", subsequent_indent="    "))


def read_places(path: Path | None, codes: Codes) -> list[dict[str, Any]]:
    """Read where places are, from a file where one is given.

    Raises:
        CommandError: The file cannot be read, or lacks a column.
    """
    names = ("place", "latitude", "longitude")
    rows = [] if path is None else read_csv_file(path, names)
    return [{**{name: row[name] for name in names}, "place": codes.place(row["place"])} for row in rows]


def read_lots(path: Path | None, codes: Codes) -> list[dict[str, Any]]:
    """Read how many items lots have, from a file where one is given; a lot as it is asked for, or a URI.

    Raises:
        CommandError: The file cannot be read, or lacks a column.
    """
    if path is None:
        return []
    rows = []
    for row in read_csv_file(path, ("lot", "lot_size")):
        spelled = {row["lot"], *codes.candidates(row["lot"])}
        rows += [{"lot": one, "lot_size": row["lot_size"]} for one in sorted(spelled)]
    return rows
