# SPDX-License-Identifier: Apache-2.0
"""The published vectors of the GS1 syntax engine, its linters and its dictionary, each judged by its own stage.

Exceptions are families with a reason, never rows: what a family excuses is counted, and at least 99 % of all rows
must be judged as expected without it.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ledger.chain.errors import Refused
from ledger.custody.gs1 import digital_link
from ledger.custody.gs1.associations import contradiction_of, lack_of
from ledger.custody.gs1.canonical import NAMES
from ledger.custody.gs1.character_sets import from_query, from_uri, to_query, to_uri
from ledger.custody.gs1.element_string import GS, parse, parse_bracketed
from ledger.custody.gs1.identifiers import ai_length, find_identifier
from ledger.custody.gs1.linters import LINTERS
from ledger.custody.gs1.malformed import Malformed
from ledger.custody.gs1.scan import read_scan

Rows = Callable[[str], list[dict[str, Any]]]
SHARE = 0.99


def needs_data_source(row: dict[str, Any]) -> bool:
    """Whether GS1 gave a company prefix to anybody is asked of a data source online; there is none here."""
    return row.get("error") in ("INVALID_GCP_PREFIX", "GCP_DATASOURCE_OFFLINE") and "gcppos" in row["linter"]


def permits_unknown_ais(row: dict[str, Any]) -> bool:
    """An engine option lets AIs pass that do not exist; here they are always refused."""
    unknown = [ai for ai in re.findall(r"[(&?/]([0-9]{2,4})[)=/]", row["input"]) if find_identifier(ai) is None]
    return bool(row["ok"] and unknown and row.get("options", {}).get("PermitUnknownAIs"))


def is_left_over_of_extraction(row: dict[str, Any]) -> bool:
    """The name of a variable stands where the input should be."""
    return row["input"] == "inbuf"


def names_keys(row: dict[str, Any]) -> bool:
    """An engine option lets `gtin` and `ser` stand for AIs; the rows do not say where it is set."""
    return bool(row["ok"] and re.search(f"/(?:{'|'.join(NAMES)})/", row["input"]))


EXCEPTIONS = (needs_data_source, permits_unknown_ais, is_left_over_of_extraction)


def excused(row: dict[str, Any]) -> bool:
    return any(excuse(row) for excuse in EXCEPTIONS if "linter" in row or excuse is not needs_data_source)


def judge(rows: list[dict[str, Any]], is_right: Callable[[dict[str, Any]], bool]) -> tuple[int, int]:
    """Count the rows and those judged as expected; each other must be excused."""
    wrong = [row for row in rows if not is_right(row)]
    assert [row for row in wrong if not excused(row)] == []
    return len(rows), len(rows) - len(wrong)


def taken(read: Callable[..., Any], *args: Any, **more: Any) -> Any:
    try:
        return read(*args, **more)
    except Refused as error:
        return error


def in_engine_notation(elements: Sequence[tuple[str, str]]) -> str:
    """Write with ^ for FNC1: at the beginning and after each value without predefined length."""
    out, wanted = "", True
    for ai, value in elements:
        out += ("^" if wanted else "") + ai + value
        identifier = find_identifier(ai)
        wanted = identifier is None or not identifier.length
    return out


def linter_is_right(row: dict[str, Any]) -> bool:
    flaw = LINTERS[row["linter"]](row["input"])
    if flaw is None or row["ok"]:
        return (flaw is None) == row["ok"]
    code, start, length = flaw
    text = row["input"]
    marked = f"{text[:start]}*{text[start : start + length]}*{text[start + length :]}"
    return bool(code == row["error"] and marked == row["markup"])


def bracketed_is_right(row: dict[str, Any]) -> bool:
    found = taken(parse_bracketed, row["input"])
    if isinstance(found, Refused):
        return not row["ok"]
    return bool(row["ok"] and in_engine_notation(found) == row["expect"])


def unbracketed_is_right(row: dict[str, Any]) -> bool:
    found = taken(parse, row["input"].removeprefix("^").replace("^", GS))
    return isinstance(found, Refused) != row["ok"]


def ai_lint_is_right(row: dict[str, Any]) -> bool:
    found = taken(parse_bracketed, row["input"])
    code = found.code if isinstance(found, Malformed) else "OK" if not isinstance(found, Refused) else str(found)
    return bool(code == row["expect_error"])


def markup_is_right(row: dict[str, Any]) -> bool:
    found = taken(parse_bracketed, row["input"])
    assert isinstance(found, Malformed)
    bad = found.value[found.start : found.start + found.length]
    return bool(re.search(rf"\({found.ai}\)\w*\|{re.escape(bad)}\|", row["expect"]))


def association_is_right(row: dict[str, Any]) -> bool:
    found = taken(parse_bracketed, row["input"])
    broken = isinstance(found, Refused) or contradiction_of(found) or lack_of(found)
    return bool(broken) != row["ok"]


def link_is_right(row: dict[str, Any]) -> bool:
    short = row.get("options", {}).get("PermitZeroSuppressedGTINinDLuris", False)
    found = taken(digital_link.parse, row["input"], short_gtin=short, names=names_keys(row))
    if isinstance(found, Refused):
        return not row["ok"]
    return bool(row["ok"] and in_engine_notation(found) == row["expect"])


def written_link_is_right(row: dict[str, Any]) -> bool:
    found = taken(lambda: digital_link.write(parse_bracketed(row["input"]), row["stem"]))
    return not row["ok"] if isinstance(found, Refused) else bool(row["ok"] and found == row["expect"])


def scan_is_right(row: dict[str, Any]) -> bool:
    scan = read_scan(row["input"].encode("utf-8"))
    if scan.status != "ok":
        return not row["ok"]
    if not scan.elements or not row["expect"].startswith("^"):
        return bool(row["ok"])
    return bool(row["ok"] and in_engine_notation(scan.elements) == row["expect"].replace("|^", "^"))


def escape_is_right(row: dict[str, Any]) -> bool:
    """Our escapes may be more than the engine's; what they stand for must be the same."""
    value = row["input"]
    return bool(from_uri(to_uri(value)) == from_uri(row["expect_path"]) and from_query(to_query(value)) == value)


def unescape_is_right(row: dict[str, Any]) -> bool:
    return bool(from_uri(row["input"]) == row["expect_path"] and from_query(row["input"]) == row["expect_query"])


JUDGES = {
    "linters": linter_is_right,
    "bracketed_ai_parse": bracketed_is_right,
    "unbracketed_ai_validate": unbracketed_is_right,
    "ai_lint": ai_lint_is_right,
    "ai_error_markup": markup_is_right,
    "ai_associations": association_is_right,
    "dl_parse": link_is_right,
    "dl_generate": written_link_is_right,
    "scan_process": scan_is_right,
    "uri_escape": escape_is_right,
    "uri_unescape": unescape_is_right,
}


def with_ok(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"ok": row.get("expect_error", "OK") == "OK", **row} for row in rows]


@pytest.mark.parametrize("name", JUDGES)
def test_published_vectors(gs1_rows: Rows, name: str) -> None:
    rows, right = judge(with_ok(gs1_rows(name)), JUDGES[name])
    assert rows >= 1
    assert right <= rows


def test_share_of_all_vectors(gs1_rows: Rows) -> None:
    """The whole is at least 99 % right before any excuse, left-overs that are no vectors not counted."""
    counts = []
    for name, is_right in JUDGES.items():
        rows = [row for row in with_ok(gs1_rows(name)) if not is_left_over_of_extraction(row)]
        counts.append(judge(rows, is_right))
    rows, right = (sum(column) for column in zip(*counts, strict=True))
    print(f"{right} of {rows} vectors judged as expected: {right / rows:.2%}")
    assert right / rows >= SHARE


def test_nothing_invalid_is_taken(gs1_rows: Rows) -> None:
    """What the vectors call invalid is never read as ok by the door that everybody uses."""
    for row in gs1_rows("unbracketed_ai_validate"):
        if not row["ok"]:
            for sent in (row["input"], "]C1" + row["input"][1:].replace("^", GS), "]d2" + row["input"][1:]):
                assert read_scan(sent.encode()).status != "ok", (sent, row)
    for name in ("ai_associations", "ai_lint", "dl_parse"):
        for row in with_ok(gs1_rows(name)):
            if not row["ok"] and not names_keys({**row, "ok": True}):
                assert read_scan(row["input"].encode()).status != "ok", row


def test_what_is_written_reads_back(gs1_rows: Rows) -> None:
    """`scan_generate`: what a scanner sends for a bar code reads as what was printed."""
    for row in gs1_rows("scan_generate"):
        if row["expect"] is None or not row["input"].startswith("^"):
            continue
        scan = read_scan(row["expect"].encode())
        assert scan.status in ("ok", "ask"), (row, scan.reason)
        assert in_engine_notation(scan.elements).replace("^", "") == re.sub(r"[\^|]", "", row["input"]), row


def test_real_scans(gs1_rows: Rows) -> None:
    """With the separators that are needed a scan is read, without them it is asked, the right reading first."""
    for row in gs1_rows("real_scans"):
        scan = read_scan(row["input"].encode())
        assert scan.status == ("ask" if row["separators"] == "lost" else "ok"), (row, scan.reason)
        assert [list(element) for element in scan.elements] == row["expect"], row
        if scan.status == "ask":
            assert scan.readings[0] == scan.elements


def test_the_table_says_what_the_dictionary_says(gs1_dictionary: str) -> None:
    """Every AI with its parts, linters, associations and place in a Digital Link."""
    lines = [line for text in gs1_dictionary.splitlines() if (line := text.split("#")[0].strip())]
    assert lines
    for line in lines:
        names, rest = line.split(maxsplit=1)
        first, _, last = names.partition("-")
        for number in range(int(first), int(last or first) + 1):
            assert described(str(number).zfill(len(first))) == expected_of(rest), line


def expected_of(text: str) -> dict[str, Any]:
    words = text.split()
    flags = words.pop(0) if re.fullmatch(r"[*?]+", words[0]) else ""
    parts, needs, bars, path = [], set(), set(), None
    for word in words:
        name, _, value = word.partition("=")
        if match := re.fullmatch(r"(\[?)([NXYZ])(\.\.)?([0-9]+)\]?(?:,(.*))?", word):
            optional, kind, variable, length, rules = match.groups()
            least = 1 if variable else int(length)
            parts.append(
                (
                    kind.lower(),
                    least,
                    int(length),
                    bool(optional),
                    tuple((rules or "").split(",")) if rules else (),
                )
            )
        elif name == "req":
            needs = {frozenset(group.split("+")) for group in value.split(",")}
        elif name == "ex":
            bars |= set(value.split(","))
        elif name == "dlpkey":
            path = tuple(tuple(way.split(",")) for way in value.split("|")) if value else ((),)
        else:
            raise AssertionError(f"what is {word}?")
    return {
        "fixed": "*" in flags,
        "attribute": "?" in flags,
        "parts": parts,
        "needs": needs,
        "bars": bars,
        "path": path,
        "known": True,
    }


def described(ai: str) -> dict[str, Any]:
    found = find_identifier(ai)
    assert found is not None, ai
    return {
        "fixed": bool(found.length),
        "attribute": found.attribute,
        "parts": [(part.kind, part.least, part.most, part.optional, part.rules) for part in found.parts],
        "needs": {frozenset(group) for group in found.needs},
        "bars": set(found.bars),
        "path": found.path,
        "known": ai_length(ai) == len(ai),
    }
