# SPDX-License-Identifier: Apache-2.0
"""Holds are few and things are many: who asks for what is on hold does not read all things."""

import sqlite3
from contextlib import closing

from ledger.custody.index.read import things_on_hold
from ledger.custody.index.schema import TABLES

_STEPS = 100


def test_the_work_grows_with_the_holds_and_not_with_the_things():
    work = []
    for things in (100, 20_000):
        with closing(sqlite3.connect(":memory:")) as connection:
            for table in TABLES:
                connection.execute(table)
            rows = ((number, f"urn:thing:{number:06d}", 0) for number in range(things))
            connection.executemany("INSERT INTO d_thing VALUES (?, ?, ?)", rows)
            connection.executemany("INSERT INTO d_hold VALUES (?, ?)", [(70, 1), (7, 2), (7, 3)])
            ticks = []
            connection.set_progress_handler(lambda ticks=ticks: ticks.append(1) or 0, _STEPS)
            assert things_on_hold(connection) == ["urn:thing:000007", "urn:thing:000070"]
            work.append(len(ticks))
    assert work[1] <= work[0] + 1
