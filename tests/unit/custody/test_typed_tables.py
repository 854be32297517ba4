# SPDX-License-Identifier: Apache-2.0
"""Workbooks and Parquet files give the events of the same table as CSV; hostile ones are refused clearly."""

import zipfile
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pyarrow
import pytest
from pyarrow import parquet

from ledger.custody.codes import Codes
from ledger.custody.exchange.column_map import ColumnMap
from ledger.custody.exchange.importer import check_files, first_events
from ledger.custody.identity import Identifier
from ledger.custody.privacy import make_policy
from ledger.custody.times import find_zone

HEAD = ("when", "step", "item", "product", "lot", "quantity", "unit", "place")
ROWS = (
    ("2026-03-01T08:00:00", "receiving", "", "P", "0012", "12.5", "kg", "DOCK-3"),
    ("2026-03-02T00:00:00", "shipping", "BOX-1", "", "", "", "", "DOCK-3"),
)
MAP = ColumnMap(zone=find_zone("Europe/Berlin"), columns={"time": "when"})


@pytest.fixture
def read():
    def make(path):
        identifier = Identifier(make_policy(), bytes(range(32)))
        with check_files([path], MAP, Codes("acme.example"), lambda: identifier) as checked:
            return first_events(checked, 10), checked.problems

    return make


@pytest.fixture
def write(tmp_path):
    def make(form, rows=ROWS):
        path = tmp_path / f"t.{form}"
        if form in ("csv", "tsv"):
            mark = "," if form == "csv" else "\t"
            path.write_text("".join(mark.join(row) + "\n" for row in (HEAD, *rows)), encoding="utf-8")
        elif form == "xlsx":
            book = openpyxl.Workbook()
            for row in (HEAD, *rows):
                book.active.append([cell if cell != "" else None for cell in row])
            book.save(path)
            book.close()
        else:
            columns = dict(zip(HEAD, zip(*rows, strict=True), strict=True))
            parquet.write_table(pyarrow.table({name: list(cells) for name, cells in columns.items()}), path)
        return path

    return make


def test_every_format_gives_the_same_events(read, write):
    wanted, problems = read(write("csv"))
    assert (len(wanted), problems) == (2, [])
    for form in ("tsv", "xlsx", "parquet"):
        assert read(write(form)) == (wanted, [])


def test_typed_cells_are_read_as_their_text(read, write):
    wanted, _ = read(write("csv"))
    times = datetime(2026, 3, 1, 8), datetime(2026, 3, 2)
    typed = [(time, *row[1:]) for time, row in zip(times, ROWS, strict=True)]
    typed[0] = (*typed[0][:5], 12.5, *typed[0][6:])
    assert read(write("xlsx", typed)) == (wanted, [])
    table = {name: list(cells) for name, cells in zip(HEAD, zip(*ROWS, strict=True), strict=True)}
    table["when"] = [time.replace(hour=time.hour, tzinfo=UTC) for time in times]
    table["quantity"] = [Decimal("12.50"), None]
    path = write("parquet")
    parquet.write_table(pyarrow.table(table), path)
    events, problems = read(path)
    assert problems == []
    assert [event["eventTime"] for event in events] == ["2026-03-01T08:00:00+00:00", "2026-03-02T00:00:00+00:00"]
    assert events[0]["quantityList"][0]["quantity"] == 12.5


def test_a_rounded_identifier_is_refused_with_its_cell(read, write):
    rows = [(*ROWS[0][:2], 952132112345678902, *ROWS[0][3:])]
    _, problems = read(write("xlsx", rows))
    assert [(one.line, one.field) for one in problems] == [(2, "item")]
    assert "15 digits" in problems[0].reason
    assert "text" in problems[0].remedy


def _cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _far_cell(path):
    book = openpyxl.load_workbook(path)
    book.active["XFD1048576"] = "x"
    book.save(path)
    book.close()


def _bomb(path):
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/more.xml", "w") as member:
        for _ in range(513):
            member.write(bytes(1 << 20))


def _other_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")


def _twice(path):
    book = openpyxl.load_workbook(path)
    book.active["B1"] = "when"
    book.save(path)
    book.close()


@pytest.mark.parametrize(
    ("form", "spoil", "told"),
    [
        ("xlsx", _cut, "no workbook"),
        ("xlsx", _far_cell, "1,048,576 rows"),
        ("xlsx", _bomb, "unpacks to more"),
        ("xlsx", _other_zip, "no workbook"),
        ("xlsx", _twice, "names column 'when' twice"),
        ("parquet", _cut, "no Parquet file"),
    ],
)
def test_hostile_and_broken_files_are_refused(read, write, form, spoil, told):
    path = write(form)
    spoil(path)
    events, problems = read(path)
    assert events == []
    assert told in problems[0].reason


def test_columns_of_columns_are_refused(read, tmp_path):
    path = tmp_path / "nested.parquet"
    parquet.write_table(pyarrow.table({"time": ["x"], "more": [{"a": 1}]}), path)
    _, problems = read(path)
    assert [one.field for one in problems] == ["more"]


def test_mutated_files_never_crash_the_reader(read, write):
    for form in ("xlsx", "parquet"):
        path = write(form)
        whole = path.read_bytes()
        for at in range(4, len(whole), max(1, len(whole) // 60)):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x5A]) + whole[at + 1 :])
            events, problems = read(path)
            assert len(events) <= 2
            assert events or problems


def test_a_dry_run_says_what_is_missing(trace_of, write):
    ran = trace_of(write("csv", [("2026-03-01T08:00:00Z", "receiving", "", "P", "", "", "", "")]))
    assert ran["missing"] == [["place", "quantity", "lot"]]
    assert ran["recorded"] == 0


@pytest.fixture
def trace_of(tmp_path, monkeypatch, capsys):
    """Run `trace import --dry-run --json` in a fresh ledger."""
    import json

    from trace_cli.main import run

    monkeypatch.setenv("TRACE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TRACE_BY", "x")

    def make(path):
        (tmp_path / "map.toml").write_text('[columns]\ntime = "when"\n', encoding="utf-8")
        for arguments in (
            ["init", str(tmp_path / "l"), "--org", "acme.example", "--site", "dc1"],
            [
                "import",
                str(path),
                "--map",
                str(tmp_path / "map.toml"),
                "--dry-run",
                "--json",
                "-C",
                str(tmp_path / "l"),
            ],
        ):
            capsys.readouterr()
            with pytest.raises(SystemExit) as left:
                run(arguments)
            assert not left.value.code
        return json.loads(capsys.readouterr().out)

    return make
