# SPDX-License-Identifier: Apache-2.0
"""Tables as people and broken exports make them: read exactly, or refused with the right line."""

import gzip
import io
import os

import pytest

from ledger.custody.exchange.csv_table import MAX_LINE, CsvTable, Row, TableFault
from ledger.custody.problems import Problem


def read(data: bytes):
    """Read a table to its end: header, rows, and every problem, whether it stops the reading or not."""
    rows, problems = [], []
    try:
        table = CsvTable(io.BufferedReader(io.BytesIO(data)), "t.csv")
        for found in table.rows():
            (rows if isinstance(found, Row) else problems).append(found)
    except TableFault as fault:
        problems.append(fault.problem)
        return rows, problems
    return [table.header, *((row.line, *row.cells) for row in rows)], problems


def only_problem(data: bytes) -> Problem:
    _, problems = read(data)
    assert len(problems) == 1
    assert problems[0].file == "t.csv"
    return problems[0]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_delimiters_line_ends_and_bom(mark, end, bom):
    inner = ";" if mark == "\t" else mark
    text = end.join([mark.join("abc"), mark.join(["1", f'"x{inner}y"', "é"]), "", mark.join("456")])
    found, problems = read(bom + text.encode())
    assert found == [("a", "b", "c"), (2, "1", f"x{inner}y", "é"), (4, "4", "5", "6")]
    assert problems == []


def test_names_are_stripped_and_cells_are_not():
    assert read(b" a , b\n 1 ,2 \n")[0] == [("a", "b"), (2, " 1 ", "2 ")]


def test_header_only():
    assert read(b"a,b\n") == ([("a", "b")], [])
    assert read(b"a,b") == ([("a", "b")], [])


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)])
def test_nothing_at_all(data):
    assert (only_problem(data).line, only_problem(data).reason) == (1, "the file is empty")


@pytest.mark.parametrize("data", [b"\n", b"  \na,b\n", b"\xef\xbb\xbf\r\na,b"])
def test_an_empty_first_line(data):
    assert only_problem(data).line == 1
    assert "header, is empty" in only_problem(data).reason


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"a,b,a\n1,2,3\n", "names column 'a' twice"),
        (b"a, a\n", "names column 'a' twice"),
        (b"a,,c\n", "column 2 of the header has no usable name"),
        (b"a,b,\n", "column 3 of the header has no usable name"),
        (b"a,b\x1d\n", "no usable name"),
        (b'a,"b\nc"\n', "no usable name"),
    ],
)
def test_bad_headers(data, says):
    assert only_problem(data).line == 1
    assert says in only_problem(data).reason


def test_ragged_rows_are_told_with_their_lines():
    rows, problems = read(b'a,b\n1,2\n3\n"x\ny",4,5\n6,7,8\n9,10\n')
    assert rows == [("a", "b"), (2, "1", "2"), (7, "9", "10")]
    assert [(found.line, found.reason) for found in problems] == [
        (3, "the row has 1 cells, the header has 2"),
        (4, "the row has 3 cells, the header has 2"),
        (6, "the row has 3 cells, the header has 2"),
    ]


def test_the_line_is_right_after_a_quoted_newline():
    rows, problems = read(b'a,b\n"one\ntwo\nthree",1\n2\n')
    assert [(found.line, found.field) for found in problems] == [(2, "a"), (5, "")]
    assert "control characters" in problems[0].reason
    assert rows == [("a", "b")]


@pytest.mark.parametrize("char", ["\x01", "\x1d", "\x1b", "\t", "\x7f", "\x85", "\r"])
def test_control_characters_in_a_cell(char):
    found = only_problem(f'a,b\n1,2\n3,"4{char}5"\n'.encode())
    assert (found.line, found.field) == (3, "b")
    assert "control characters" in found.reason


def test_latin_1_is_refused_with_its_line_and_byte():
    found = only_problem(b"a,b\n1,2\n3,caf\xe9\n")
    assert (found.line, found.reason) == (3, "byte 6 of the line is not UTF-8")
    assert "UTF-8" in found.remedy


def test_a_bom_counts_at_the_beginning_only():
    assert read(b"a,b\n\xef\xbb\xbf1,2\n")[0][1] == (2, "\ufeff1", "2")


@pytest.mark.parametrize("data", [b"\x7fELF\x00\x01", b"a,b\n1,\x002\n", "a,b\n1,2\n".encode("utf-16")])
def test_binary(data):
    found = only_problem(data)
    assert "NUL" in found.reason
    assert found.line == (2 if data.startswith(b"a") else 1)


def test_a_picture():
    assert only_problem(b"\x89PNG\r\n\x1a\n" + bytes(range(1, 200))).line == 1


def test_gzip_is_read_as_the_table_in_it():
    data = b"a,b\n" + b"".join(b"%d,x\n" % number for number in range(5000))
    assert read(gzip.compress(data)) == read(data)


def test_gzip_cut_off():
    data = gzip.compress(b"a,b\n" + os.urandom(30000).hex().encode().replace(b"0", b"\n1,"))
    rows, problems = read(data[: len(data) // 2])
    assert problems[-1].reason == "the gzip file is cut off here"
    assert problems[-1].line > 2
    assert rows


@pytest.mark.parametrize("cut", [1, 4, 8])
def test_gzip_cut_off_in_its_trailer(cut):
    assert only_problem(gzip.compress(b"a,b\n1,2\n")[:-cut]).reason == "the gzip file is cut off here"


def test_gzip_damaged():
    whole = gzip.compress(b"a,b\n" + b"".join(b"%d,x\n" % number for number in range(20000)))
    for at in (len(whole) // 2, len(whole) - 6, 12):
        damaged = whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
        _, problems = read(damaged)
        assert "damaged" in problems[-1].reason or "cut off" in problems[-1].reason


def test_gzip_with_something_behind_it():
    _, problems = read(gzip.compress(b"a,b\n1,2\n") + b"more")
    assert "damaged" in problems[-1].reason


def test_a_line_without_end():
    found = only_problem(b"a,b\n1," + b"x" * MAX_LINE + b"\n")
    assert found.line == 2
    assert "longer than" in found.reason


@pytest.mark.parametrize(
    "data", [b'a,b\n1,"2\n3,4\n', b'a,b\n1,2\n3,"4"5\n', b"a,b\n1,2\r3,4\n", b"a,b\n1," + b"y" * 140000]
)
def test_what_is_no_csv(data):
    found = only_problem(data)
    assert found.line >= 2
    assert "no CSV" in found.reason


def test_a_pipe():
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "wb") as writer:
        writer.write(gzip.compress(b"a,b\n1,2\n"))
    with os.fdopen(ours, "rb") as stream:
        table = CsvTable(stream, "pipe")
        assert [row.cells for row in table.rows()] == [("1", "2")]
