# SPDX-License-Identifier: Apache-2.0
"""What is kept between answers (`.derived`, `derived/`, `.marks`) swapped, rolled back, cut, invented, or unwritable.

Whoever does so slows an answer down; it is the same to the digit, or refused, and never a traceback.
"""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from ledger.chain.home import place_of, replace_secret
from ledger.custody.index import coverage, hold_probe, lookup, seen_marks
from trace_cli import kept_history

ORIGIN = "acme.example/dc1"
DEEP = "[" * 200_000
ROWS = "time,step,item,place,to\n" + "".join(
    f"2026-03-0{2 + n // 24}T{n % 24:02}:{minute}:00Z,{step},MORE-{n},{place},{to}\n"
    for n in range(120)
    for minute, step, place, to in (("05", "shipping", "D1", "D2"), ("40", "receiving", "D2", ""))
)


@pytest.fixture(autouse=True)
def _keep_small_logs(monkeypatch):
    monkeypatch.setattr(kept_history, "LEAST_ENTRIES", 10)
    monkeypatch.setattr(kept_history, "LEAST_NEW", 1)


@pytest.fixture
def kept(site, trace):
    """A site whose history was kept by an answer."""
    (site.folder / "more.csv").write_text(ROWS, encoding="utf-8")
    assert trace("import", "more.csv").code == 0
    answer(trace)
    assert list_of(site).is_file()
    return site


def list_of(site):
    return place_of(site.folder / "home", "pins", ORIGIN, ".derived")


def room_of(site):
    return place_of(site.folder / "home", "derived", ORIGIN, "")


def answer(trace, *options):
    ran = trace("bottlenecks", "--json", "--no-record", *options)
    assert ran.code == 0, ran.err
    return {name: value for name, value in ran.answer.items() if name != "anchor"}


def edit(site, **changes):
    told = json.loads(list_of(site).read_text())
    list_of(site).write_text(json.dumps({**told, **changes}), encoding="utf-8")


LISTS = {
    "nested": DEEP,
    "null": "null",
    "number": "7",
    "infinite": '{"made_by": MADE, "note": "", "private": [], "files": [["a.npz", "", 1e999]]}',
    "no name": '{"made_by": MADE, "note": "", "private": [], "files": [["", "", 1]]}',
    "nul": '{"made_by": MADE, "note": "", "private": [], "files": [["a\\u0000", "", 1]]}',
    "surrogate": '{"made_by": MADE, "note": "", "private": [], "files": [["\\ud800", "", 1]]}',
    "upward": '{"made_by": MADE, "note": "", "private": [], "files": [["..", "", 1]]}',
    "nothing": '{"made_by": MADE, "note": "", "private": [], "files": []}',
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_nonsense_changes_no_digit(kept, trace, name):
    sound = answer(trace, "--full")
    made = json.dumps(json.loads(list_of(kept).read_text())["made_by"])
    list_of(kept).write_text(LISTS[name].replace("MADE", made), encoding="utf-8")
    assert answer(trace) == sound
    assert answer(trace) == sound


@pytest.mark.parametrize(
    "private", [[10**6], [-1], [10**30], [-(10**30)], ["1"], [[]], [None], [1e300], [float("inf")], "x", 5]
)
def test_private_entries_that_are_none_change_no_digit(kept, trace, private):
    sound = answer(trace, "--full")
    edit(kept, private=private)
    assert answer(trace) == sound


@pytest.mark.parametrize("files", [[], "twice", "backwards"])
def test_files_that_are_not_all_of_them_change_no_digit(kept, trace, files):
    sound = answer(trace, "--full")
    told = json.loads(list_of(kept).read_text())["files"]
    edit(kept, files={"twice": told * 2, "backwards": told[::-1]}.get(files, files) if files else files)
    assert answer(trace) == sound


@pytest.mark.parametrize("made_by", [[99, "9.9.9"], [1, "0.0.1"], None, DEEP[:5]])
def test_what_another_version_kept_is_not_used(kept, trace, made_by):
    sound = answer(trace, "--full")
    edit(kept, made_by=made_by)
    assert answer(trace) == sound
    assert json.loads(list_of(kept).read_text())["made_by"] != made_by


def test_scratch():
    pass
