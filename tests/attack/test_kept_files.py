# SPDX-License-Identifier: Apache-2.0
"""What is kept between answers (`.derived`, `derived/`, `.marks`) swapped, rolled back, invented or unwritable.

Whoever does so slows an answer down; it is the same to the digit, or refused, and never a traceback.
"""

import io
import json
import os
import resource
import shutil
import subprocess
import sys
import threading
import zipfile
from contextlib import contextmanager
from hashlib import sha256

import numpy as np
import pytest

from ledger.chain.home import place_of, replace_secret
from ledger.custody.index import seen_marks
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


def archive(how):
    """Make columns that are none, by somebody who can write their digest, too."""
    file = io.BytesIO()
    if how == "zip":
        with zipfile.ZipFile(file, "w") as made:
            made.writestr("format.npy", b"\x93NUMPY\x01\x00\x10\x00{'descr': (((((((")
    elif how == "huge":
        with zipfile.ZipFile(file, "w") as made:
            header = b"{'descr': '<i8', 'fortran_order': False, 'shape': (9999999999999,), }"
            made.writestr("format.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    elif how == "method":
        with zipfile.ZipFile(file, "w") as made:
            made.writestr("format.npy", b"x" * 100)
        data = bytearray(file.getvalue())
        data[data.index(b"PK\x01\x02") + 10] = 99  # a method of compression that nobody knows
        return bytes(data)
    else:
        np.savez(file, format=np.array({"infinite": [np.inf], "words": ["x"], "newer": [99], "none": []}[how]))
    return file.getvalue()


@pytest.mark.parametrize("how", ["zip", "huge", "method", "infinite", "words", "newer", "none"])
def test_columns_that_are_none_change_no_digit_though_their_digest_fits(kept, trace, how):
    sound, data = answer(trace, "--full"), archive(how)
    (room_of(kept) / "1-0.npz").write_bytes(data)
    edit(kept, files=[["1-0.npz", sha256(data).hexdigest(), 1]])
    assert answer(trace) == sound


@contextmanager
def no_room(size):
    """Let no file grow beyond a size, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [0, 700, 30_000])
def test_where_there_is_no_room_nothing_half_stays(kept, trace, monkeypatch, size):
    sound = answer(trace, "--full")
    shutil.rmtree(room_of(kept))
    list_of(kept).unlink()
    save = kept_history.save_kept

    def full(*given):
        with no_room(size):
            save(*given)

    with monkeypatch.context() as disk:
        disk.setattr(kept_history, "save_kept", full)
        ran = trace("bottlenecks", "--no-record")
    assert (ran.code, "could not be kept" in ran.err) == (0, True)
    assert not list_of(kept).exists()
    assert [path.name for path in (kept.folder / "home").rglob("*.new")] == []
    assert answer(trace) == sound
    assert list_of(kept).is_file()


@pytest.mark.parametrize("where", ["room", "list", "derived"])
def test_something_else_under_the_name_changes_no_digit(kept, trace, where):
    sound = answer(trace, "--full")
    if where == "list":
        list_of(kept).unlink()
        list_of(kept).mkdir()
    else:
        place = room_of(kept) if where == "room" else kept.folder / "home/derived"
        shutil.rmtree(place)
        place.write_text("mine")
    assert answer(trace) == sound
    assert answer(trace) == sound


def test_a_link_in_the_place_of_the_list_is_not_followed(kept, trace, tmp_path):
    sound, theirs = answer(trace, "--full"), tmp_path / "theirs"
    shutil.move(list_of(kept), theirs)
    list_of(kept).symlink_to(theirs)
    before = theirs.read_bytes()
    assert answer(trace) == sound
    assert theirs.read_bytes() == before
    assert not list_of(kept).is_symlink()


def test_a_list_that_others_may_read_is_made_anew(kept, trace):
    sound = answer(trace, "--full")
    list_of(kept).chmod(0o666)
    assert answer(trace) == sound
    assert list_of(kept).stat().st_mode & 0o777 == 0o600


def more(site, trace, mark):
    (site.folder / "more.csv").write_text(ROWS.replace("MORE", mark), encoding="utf-8")
    assert trace("import", "more.csv").code == 0


@pytest.mark.parametrize("what", ["list", "files", "both"])
def test_an_older_copy_of_what_was_kept_changes_no_digit(kept, trace, tmp_path, what):
    shutil.copy(list_of(kept), tmp_path / "list")
    shutil.copytree(room_of(kept), tmp_path / "room")
    more(kept, trace, "LAST")
    sound = answer(trace)
    if what != "files":
        shutil.copy(tmp_path / "list", list_of(kept))
    if what != "list":
        shutil.rmtree(room_of(kept))
        shutil.copytree(tmp_path / "room", room_of(kept))
    assert answer(trace) == sound == answer(trace, "--full")


def test_what_was_kept_of_another_site_changes_no_digit(kept, trace, tmp_path, monkeypatch):
    """The other site has the same name and another key, and says otherwise of the same things."""
    sound = answer(trace, "--full")
    other = tmp_path / "other"
    other.mkdir()
    with monkeypatch.context() as away:
        away.chdir(other)
        away.setenv("TRACE_HOME", str(other / "home"))
        assert trace("init", "--org", "acme.example", "--site", "dc1").code == 0
        (other / "more.csv").write_text(ROWS.replace("D2", "D9"), encoding="utf-8")
        assert trace("import", "more.csv").code == 0
        assert answer(trace) != sound
    for room in ("derived", "pins"):
        for path in (other / "home" / room).rglob("*"):
            if path.is_file() and path.suffix in (".npz", ".derived"):
                shutil.copy(path, kept.folder / "home" / path.relative_to(other / "home"))
    assert answer(trace) == sound


def test_two_answers_at_once_agree(kept, trace):
    """Both read everything and keep it; each gives the digits of `--full`, and what stays is whole."""
    sound = answer(trace, "--full")
    list_of(kept).unlink()
    begin = (
        "from trace_cli import kept_history as k; k.LEAST_ENTRIES = k.LEAST_NEW = 1; import trace_cli.main as m; "
    )
    program = begin + "m.run(['bottlenecks', '--json', '--no-record'])"
    both = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) for _ in range(2)]
    for one in both:
        told = json.loads(one.communicate(timeout=120)[0])
        assert {name: value for name, value in told.items() if name != "anchor"} == sound
        assert one.returncode == 0
    assert answer(trace) == sound
    assert [path.name for path in (kept.folder / "home").rglob("*.new")] == []


def test_writers_of_one_file_never_put_half_of_it_there(tmp_path):
    path, texts = tmp_path / "site.marks", ["a" * 200_000, "b" * 100_000]
    path.write_text(texts[0])
    faults = []

    def write(text):
        try:
            for _ in range(40):
                replace_secret(path, text)
        except OSError as error:
            faults.append(error)

    writers = [threading.Thread(target=write, args=(text,)) for text in texts]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert path.read_text() in texts
    assert faults == []
    assert [found.name for found in tmp_path.iterdir()] == ["site.marks"]


def test_what_a_killed_writer_left_is_taken_away(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, lives = (tmp_path / f"a.marks.{pid}-0123abcd.new" for pid in (gone.pid, os.getppid()))
    others = tmp_path / "a.marks.mine.new"
    for path in (left, lives, others):
        path.write_text("half")
    replace_secret(tmp_path / "a.marks", "whole")
    assert [path.exists() for path in (left, lives, others)] == [False, True, True]


@pytest.fixture
def deep(site, trace, searches_little):
    """A site whose log is too large to be searched whole, with a hold deep in it that was seen."""
    assert trace("receive", "CRATE-9", "--from", "FARM-1").code == 0
    assert trace("hold", "CRATE-9", "--reason", "sample").code == 0
    more(site, trace, "MORE")
    assert trace("index", "check").code == 0
    return site


def marks_of(site):
    return place_of(site.folder / "home", "pins", ORIGIN, ".marks")


MARKS = [
    {"upto": 10**6},
    {"upto": -5},
    {"upto": float("inf")},
    {"upto": 10**30},
    {"holds": [10**6]},
    {"holds": [10**30]},
    {"holds": [-1]},
    {"holds": [[]]},
    {"cases": [float("inf")]},
    {"keys": [10**30, 10**31]},
    {"keys": [1, 2, 3]},
    {"holds": [1, 2, 3], "cases": [1, 2, 3]},
]


@pytest.mark.parametrize("changes", MARKS, ids=str)
def test_invented_marks_stop_nobody_and_free_nothing(deep, trace, changes):
    told = json.loads(marks_of(deep).read_text())
    marks_of(deep).write_text(json.dumps({**told, **changes}), encoding="utf-8")
    assert trace("history", "MORE-1").code == 0
    assert trace("ship", "MORE-1", "--to", "X").code == 0
    assert trace("ship", "CRATE-9", "--to", "X").code == 5
    assert trace("index", "check").code == 0


@pytest.mark.parametrize("how", ["nested", "directory", "link", "fifo", "readable"])
def test_marks_that_are_no_list_are_seen_anew(deep, trace, tmp_path, how):
    path = marks_of(deep)
    if how == "nested":
        path.write_text(DEEP)
    elif how == "readable":
        path.chmod(0o644)
    else:
        shutil.move(path, tmp_path / "theirs")
        if how == "link":
            path.symlink_to(tmp_path / "theirs")
        else:
            path.mkdir() if how == "directory" else os.mkfifo(path)
    for statement in ("DELETE FROM d_hold", "DELETE FROM d_mention WHERE seq = 302"):
        deep.sql(statement)
    assert trace("history", "MORE-1").code == 0
    assert trace("ship", "CRATE-9", "--to", "X").code == 3


def test_marks_that_cannot_be_written_are_seen_again(deep, trace, monkeypatch):
    """A disk that is full for the list alone; nothing half stays, and the hold is told all the same."""
    marks_of(deep).unlink()

    def full(path, text):
        with no_room(30):
            replace_secret(path, text)

    monkeypatch.setattr(seen_marks, "replace_secret", full)
    assert trace("ship", "MORE-1", "--to", "X").code == 0
    assert not marks_of(deep).exists()
    assert [path.name for path in (deep.folder / "home").rglob("*.new")] == []
    deep.sql("DELETE FROM d_hold", "DELETE FROM d_mention WHERE seq = 302")
    assert trace("ship", "CRATE-9", "--to", "X").code == 3
