# SPDX-License-Identifier: Apache-2.0
"""Tables made to do harm: whatever is in them, it is refused or it is data."""

import gzip
import zlib

import pytest

from ledger.chain import canonical
from ledger.chain.errors import Refused
from ledger.custody.codes import Codes
from ledger.custody.exchange.column_map import ColumnMap
from ledger.custody.exchange.importer import MAX_PROBLEMS, check_files, first_events
from ledger.custody.identity import Identifier
from ledger.custody.privacy import make_policy

HEAD = "time,step,item,note\n"
TIME = "2026-03-01T08:00:00Z"


@pytest.fixture
def check(tmp_path):
    """Check a table: give its good events and what is wrong with it. Nothing is raised, whatever it holds."""

    def run(data):
        path = tmp_path / "t.csv"
        path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape"))
        found = check_files(
            [path], ColumnMap(), Codes("acme.example"), lambda: Identifier(make_policy(), bytes(32))
        )
        with found.spool:
            return first_events(found, 1000), found

    return run


@pytest.mark.parametrize(
    "text",
    [
        "=cmd|'/c calc'!A0",
        "@SUM(1+1)*cmd",
        "{{7*7}}",
        "$(reboot)",
        "'; DROP TABLE entry; --",
        '"} ,"kind":"key","_seq":0',
        '{"_commit":"' + "00" * 32 + '"}',
        "../../../etc/passwd",
        "%00%0a%2e%2e",
        "<script>alert(1)</script>",
        "\u202etxt.exe",
        "\U0001f4a9" * 100,
        "e\u0301",
        "\ufffe\uffff",
    ],
)
def test_text_is_data(check, text):
    cell = '"' + text.replace('"', '""') + '"'
    events, found = check(f"{HEAD}{TIME},holding,{cell},{cell}\n")
    assert found.problems == []
    assert events[0]["own:note"] == text
    assert Codes("acme.example").short(events[0]["epcList"][0]) == text
    assert canonical.parse(canonical.encode(events[0])) == events[0]


@pytest.mark.parametrize(
    "column",
    [
        "_commit",
        "_prev",
        "_seq",
        "type",
        "eventID",
        "eventTime",
        "epcList",
        "trace:party",
        "@context",
        "__proto__",
        "sourceList",
    ],
)
def test_no_column_can_stand_for_a_field_of_an_event(check, column):
    plain, _ = check(f"time,step,item\n{TIME},holding,A\n")
    events, found = check(f"time,step,item,{column}\n{TIME},holding,A,evil\n")
    assert found.problems == []
    (extra,) = {key for key in events[0] if key.startswith("own:")}
    assert events[0].pop(extra) == "evil"
    assert {key: value for key, value in events[0].items() if key != "eventID"} == {
        key: value for key, value in plain[0].items() if key != "eventID"
    }


@pytest.mark.parametrize(
    "quantity",
    [
        "1e999",
        "1e-999",
        "NaN",
        "Infinity",
        "9" * 5000,
        "1" + "0" * 30,
        "0." + "0" * 5000 + "1",
        "0x1p3",
        "１",
        "-0",
    ],
)
def test_numbers_that_are_none(check, quantity):
    _, found = check(f"time,step,product,quantity\n{TIME},holding,P,{quantity}\n")
    assert [(problem.line, problem.field) for problem in found.problems] == [(2, "quantity")]
    assert len(found.problems[0].reason) < 10_000


def test_a_gzip_bomb_is_read_line_by_line(check):
    packer = zlib.compressobj(9, wbits=31)
    bomb = (
        packer.compress(HEAD.encode())
        + b"".join(packer.compress(b"x" * 2**20) for _ in range(64))
        + packer.flush()
    )
    assert len(bomb) < 100_000
    events, found = check(bomb)
    assert (events, len(found.problems)) == ([], 1)
    assert "longer than" in found.problems[0].reason


def test_gzip_in_gzip_is_no_table(check):
    _, found = check(gzip.compress(gzip.compress(HEAD.encode())))
    assert len(found.problems) == 1


def test_a_million_columns(check):
    _, found = check(",".join(f"c{n}" for n in range(20_000)) + "\n1\n")
    assert found.problems[0].field == "time"


def test_problems_are_kept_within_bounds(check):
    _, found = check(HEAD + "x\n" * (MAX_PROBLEMS + 7))
    assert (len(found.problems), found.more_problems, found.count) == (MAX_PROBLEMS, 7, 0)


def test_a_quote_that_never_ends_is_told(check):
    _, found = check(f'{HEAD}{TIME},holding,"A,x\n' + "y\n" * 1000)
    assert len(found.problems) == 1
    assert "no CSV" in found.problems[0].reason


def test_reserved_keys_are_refused_wherever_events_come_from():
    from ledger.chain.commitment import refuse_reserved

    with pytest.raises(Refused):
        refuse_reserved({"ilmd": [{"a": {"_commit": "00"}}]})
