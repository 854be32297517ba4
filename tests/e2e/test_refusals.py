# SPDX-License-Identifier: Apache-2.0
"""A bad file is refused with its line and column, and nothing of it is recorded."""

import gzip
import os

import pytest

ROWS = [
    "2026-03-01T08:00:00Z,receiving,BOX-1,LETTUCE,24A,5,kg,DOCK-1,",
    "2026-03-01T08:01:00Z,receiving,BOX-2,LETTUCE,24A,5,kg,DOCK-1,",
    "2026-03-01T08:02:00Z,receiving,BOX-3,LETTUCE,24A,5,kg,DOCK-1,",
]
HEAD = "time,step,item,product,lot,quantity,unit,place,container"

BAD_ROWS = {
    "bad time": ("2026-03-01T25:00:00Z,receiving,BOX-9,,,,,,", "time", "is no time"),
    "zone-less time": ("2026-03-01 08:00:00,receiving,BOX-9,,,,,,", "time", "no offset from UTC"),
    "undeclared step": ("2026-03-01T08:00:00Z,ordering,BOX-9,,,,,,", "step", "no CBV step"),
    "negative quantity": ("2026-03-01T08:00:00Z,receiving,,LETTUCE,,-5,,,", "quantity", "must not be negative"),
    "GTIN-14": ("2026-03-01T08:00:00Z,receiving,,00614141123453,,5,,,", "product", "check digit of GTIN"),
    "GTIN-13": ("2026-03-01T08:00:00Z,receiving,4006381333932,,,,,,", "item", "check digit of GTIN"),
    "SSCC": ("2026-03-01T08:00:00Z,packing,BOX-9,,,,,,106141411234567890", "container", "check digit of SSCC"),
    "GLN": ("2026-03-01T08:00:00Z,receiving,BOX-9,,,,,0614141000004,", "place", "check digit of GLN"),
    "ragged": ("2026-03-01T08:00:00Z,receiving,BOX-9", "", "3 cells, the header has 9"),
    "latin-1": ("2026-03-01T08:00:00Z,receiving,BOX-\udce9,,,,,,", "", "not UTF-8"),
    "nothing named": ("2026-03-01T08:00:00Z,receiving,,,,,,DOCK-1,", "item", "at least one thing"),
}


def joined(*lines):
    return "\n".join([*lines, ""]).encode("utf-8", "surrogateescape")


@pytest.fixture
def refuses(site):
    """Import and expect a refusal at a line and a column, told to people and to programs, and nothing recorded."""

    def check(*files, line, field, says):
        before = {path.name: path.read_bytes() for path in site.folder.iterdir() if path.is_file()}
        ran = site.run("import", *files, "--json")
        answer = ran.answer
        assert (ran.code, answer["schema"], answer["recorded"]) == (5, "trace.import/1", 0)
        refusal = answer["refused"][0]
        assert (refusal["line"], refusal["field"]) == (line, field)
        assert says in refusal["reason"]
        told = site.run("import", *files)
        assert (told.code, told.out) == (5, "")
        assert f"{refusal['file']}:{line}" in told.err
        assert not field or f"column {field!r}" in told.err
        assert "Nothing was recorded" in told.err
        after = {path.name: path.read_bytes() for path in site.folder.iterdir() if path.is_file()}
        assert after == before
        assert site.size() == 1
        return answer

    return check


@pytest.mark.parametrize("what", list(BAD_ROWS))
def test_a_bad_row(site, refuses, what):
    row, field, says = BAD_ROWS[what]
    site.write("bad.csv", joined(HEAD, *ROWS[:2], row, ROWS[2]))
    answer = refuses("bad.csv", line=4, field=field, says=says)
    assert len(answer["refused"]) == 1
    # The same in a gzip file, and behind a good file.
    site.write("bad.csv.gz", gzip.compress(joined(HEAD, *ROWS, row)))
    site.write("good.csv", joined(HEAD, *ROWS))
    refuses("good.csv", "bad.csv.gz", line=5, field=field, says=says)


@pytest.mark.parametrize("column", ["time", "step"])
def test_a_missing_column(site, refuses, column):
    names = HEAD.split(",")
    at = names.index(column)
    lines = [",".join(cell for n, cell in enumerate(row.split(",")) if n != at) for row in (HEAD, *ROWS)]
    site.write("bad.csv", joined(*lines))
    refuses("bad.csv", line=1, field=column, says=f"column '{column}' is missing")


def test_no_column_names_a_thing(site, refuses):
    site.write("bad.csv", joined("time,step,place", "2026-03-01T08:00:00Z,receiving,DOCK-1"))
    refuses("bad.csv", line=1, field="item", says="which thing")


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b"", 1, "empty"),
        (gzip.compress(b""), 1, "empty"),
        (b"\x7fELF\x02\x01\x01\x00" + bytes(range(256)), 1, "binary file"),
        (joined(HEAD, ROWS[0]) + b"\x00\x01\x02", 3, "binary file"),
        (gzip.compress(joined(HEAD, *ROWS))[:-6], 5, "cut off"),
        (gzip.compress(joined(HEAD, *ROWS * 500) + os.urandom(50000).hex().encode())[:-30000], None, "cut off"),
        (joined("time,step,item,item"), 1, "twice"),
        (joined("time,step,,item"), 1, "no usable name"),
    ],
    ids=["empty", "gzip of nothing", "binary", "binary tail", "cut", "cut late", "two alike", "no name"],
)
def test_a_bad_file(site, data, line, says):
    site.write("good.csv", joined(HEAD, *ROWS))
    site.write("bad.csv", data)
    before = site.ledger.read_bytes()
    for files in (("bad.csv",), ("good.csv", "bad.csv")):
        ran = site.run("import", *files, "--json")
        assert (ran.code, ran.answer["recorded"]) == (5, 0)
        found = ran.answer["refused"][-1]
        assert found["file"] == "bad.csv"
        assert line is None or found["line"] == line
        assert found["line"] >= 1
        assert says in found["reason"]
    assert site.ledger.read_bytes() == before
    assert site.size() == 1


def test_files_that_are_not_there(site):
    site.write("good.csv", joined(HEAD, *ROWS))
    for name in ("nowhere.csv", "."):
        ran = site.run("import", "good.csv", name, "--json")
        assert (ran.code, ran.answer["refused"][0]["file"]) == (5, name)
    # To skip what is bad leaves nothing here, and nothing is no success.
    assert site.run("import", "nowhere.csv", "--on-error", "skip", "--json").code == 5
    assert site.run("import", "good.csv", "--map", "nowhere.toml", "--json").code == 4
    assert site.size() == 1


def test_skip_records_the_rest_and_lists_what_it_left_out(site):
    bad = [row for row, _, _ in BAD_ROWS.values() if "\udce9" not in row]
    lines = [HEAD]
    for row in bad:
        lines += [row, *ROWS]
    site.write("mixed.csv", joined(*lines))
    site.write("cut.csv.gz", gzip.compress(joined(HEAD, *ROWS))[:-6])
    ran = site.good("import", "mixed.csv", "cut.csv.gz", "--on-error", "skip", "--json")
    answer = ran.answer
    assert (answer["recorded"], answer["first_seq"]) == (len(ROWS) * len(bad), 1)
    where = [(refusal["line"], refusal["field"]) for refusal in answer["refused"]]
    fields = [field for row, field, _ in BAD_ROWS.values() if row in bad]
    assert where == [*((2 + 4 * at, field) for at, field in enumerate(fields)), (5, "")]
    assert site.good("verify", "--json").answer["size"] == 1 + answer["recorded"]
    again = site.good("import", "mixed.csv", "--on-error", "skip")
    assert "0 events recorded" in again.out
    assert again.err.count("REFUSED") == len(bad)


def test_a_table_from_a_pipe(site):
    assert site.good("import", "/dev/stdin", "--json", stdin=joined(HEAD, *ROWS)).answer["recorded"] == 3
    assert (
        site.good("import", "/dev/stdin", "--json", stdin=gzip.compress(joined(HEAD, *ROWS))).answer["duplicates"]
        == 3
    )


def test_many_refusals_are_counted(site):
    site.write("bad.csv", joined(HEAD, *["x,receiving,A,,,,,,"] * 10_050))
    ran = site.run("import", "bad.csv", "--json")
    assert (ran.code, len(ran.answer["refused"]), ran.answer["refused_count"]) == (5, 10_000, 10_050)
    told = site.run("import", "bad.csv")
    assert "and 10040 more" in told.err.replace(",", "")
