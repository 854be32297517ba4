# SPDX-License-Identifier: Apache-2.0
"""Killed at any moment, a ledger holds what it said it holds, and the import is finished by running it again."""

import random
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import closing, suppress

import pytest

ROWS = 6_000
TOLD = re.compile(rb"recording: ([\d,]+)")


def committed(ledger):
    """Look into the file as another process would: how many entries are committed."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=30)) as connection:
        return connection.execute("SELECT max(size) FROM checkpoint").fetchone()[0]


def read_in_the_background(stream, kept):
    with stream:
        kept.extend(iter(stream.readline, b""))


def run_and_kill(site, draw):
    """Import until so much was seen in the file, then kill; give what was acknowledged before.

    Moments are chosen by what the file shows: a number of committed entries, or how far the write-ahead log has
    grown (so that it happens inside of a commit too); then a few more looks go by.
    """
    running = site.start("import", "rows.csv", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    told: list[bytes] = []
    reader = threading.Thread(target=read_in_the_background, args=(running.stderr, told))
    reader.start()
    before = committed(site.ledger)
    wal = site.folder / "ledger.db-wal"
    target = draw.choice([before, before + 1, min(before + draw.randrange(1, 4000), ROWS)])
    grown = draw.randrange(1, 2_400_000)
    by_commits, looks = draw.random() < 0.6, draw.randrange(4)
    seen = before
    while running.poll() is None:
        seen = max(seen, committed(site.ledger))
        size = wal.stat().st_size if wal.exists() else 0
        if (seen >= target) if by_commits else (size >= grown):
            looks -= 1
        if looks < 0:
            break
        time.sleep(0.001)  # the import needs the core
    running.kill()
    running.wait()
    reader.join()
    said = [int(number.replace(b",", b"")) for number in TOLD.findall(b"".join(told))]
    return running.returncode, max([seen, *(1 + number for number in said)])


def finish(site):
    """Run the import to its end: the rest is recorded, nothing is doubled."""
    left = ROWS + 1 - committed(site.ledger)
    answer = site.good("import", "rows.csv", "--json").answer
    assert (answer["recorded"], answer["duplicates"]) == (left, ROWS - left)
    assert site.good("verify", "--json").answer["size"] == ROWS + 1
    assert site.good("index", "check", "--json").answer["verdict"] == "ok"
    with closing(sqlite3.connect(site.ledger)) as connection:
        (items,) = connection.execute("SELECT count(*) FROM d_thing WHERE uri LIKE '%/obj/%'").fetchone()
    assert items == ROWS


@pytest.mark.slow
def test_kill_at_twenty_moments(site, table):
    site.write("rows.csv", table(ROWS))
    fresh, trust = site.folder.parent / "fresh", site.folder.parent / "trust"
    shutil.copytree(site.folder, fresh)
    shutil.copytree(site.home, trust)
    killed = partly = 0
    for seed in range(80):
        # Most kills fall into a run that resumes after the kill before; every fifth time it begins anew.
        if seed % 5 == 0 or committed(site.ledger) == ROWS + 1:
            shutil.rmtree(site.folder)
            shutil.rmtree(site.home)
            shutil.copytree(fresh, site.folder)
            shutil.copytree(trust, site.home)
        code, acknowledged = run_and_kill(site, random.Random(seed))
        verdict = site.good("verify", "--json").answer
        assert verdict["verdict"] == "ok"
        assert verdict["size"] >= acknowledged
        killed += code == -signal.SIGKILL
        partly += 1 < verdict["size"] < ROWS + 1
        if seed % 5 == 4:
            finish(site)
        if killed == 20:
            break
    finish(site)
    assert killed == 20
    assert partly >= 3


def test_interrupted_is_130_and_loses_nothing(site):
    running = site.start(
        "scan", "-", "--step", "holding", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    running.stdin.write(b"A\n")
    running.stdin.flush()
    running.stdout.readline()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate()
    assert running.returncode == 130
    assert b"Traceback" not in err
    assert site.good("verify", "--json").answer["size"] == 2
    with suppress(ProcessLookupError):
        running.kill()
