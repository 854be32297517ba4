# SPDX-License-Identifier: Apache-2.0
"""F and W: damaged pages, torn journals, full disks, failing disks, signals. Never a wrong answer called ok."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import time
from contextlib import closing
from pathlib import Path

import pytest

from ledger.chain.errors import RolledBack, Unreadable
from ledger.chain.keys import load_key
from ledger.chain.log import Log
from ledger.chain.storage.sqlite import SqliteStorage
from trace_cli.context import now

ROOT = Path(__file__).parents[2]
OWN = [seq for seq in range(1, 301) if seq % 40 == 7]
ORIGIN = "acme.example/dc1"


@pytest.fixture
def child(site):
    """Runs Python in a process of its own, in the folder of the site."""

    def start(code: str, *arguments: object, **more: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
            cwd=site.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **more.pop("env", {})},  # type: ignore[dict-item]
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **more,  # type: ignore[call-overload]
        )

    return start


TRACE = "import sys; from trace_cli.main import run; run(sys.argv[1:])"


def told_truth(ran, entries, site):
    """What was called ok is what was recorded."""
    if ran.code == 0:
        assert ran.answer["verdict"] == "ok"
        assert site.entries() == entries
        return "ok"
    assert ran.code in (3, 6)
    return ran.answer.get("verdict", "refused")


def test_f01_one_bit_in_each_page(site, trace, judge):
    site.sql("VACUUM")
    whole, entries = site.path.read_bytes(), site.entries()
    rng, words = random.Random(1), []
    for start in range(0, len(whole), 4096):
        data = bytearray(whole)
        data[start + rng.randrange(4096)] ^= 1 << rng.randrange(8)
        site.path.write_bytes(data)
        words.append(told_truth(judge(), entries, site))
        # Other commands say nothing false either: what they show is proven, or they say that it is not.
        ran = trace("history", "BOX-07", "--json")
        if ran.code == 0:
            assert [event["seq"] for event in ran.answer["events"]] == OWN
        else:
            assert ran.code in (3, 6)
    assert {"ok", "tampered"} <= set(words)


@pytest.mark.parametrize("how", ["zeroed", "swapped", "cut inside", "cut at its edge"])
def test_f02_pages(site, trace, judge, how):
    site.sql("VACUUM")
    whole, entries = site.path.read_bytes(), site.entries()
    pages = [whole[at : at + 4096] for at in range(0, len(whole), 4096)]
    step = max(1, len(pages) // 12)
    for at in range(0, len(pages) - 1, step):
        broken = {
            "zeroed": [*pages[:at], bytes(4096), *pages[at + 1 :]],
            "swapped": [*pages[:at], pages[at + 1], pages[at], *pages[at + 2 :]],
            "cut inside": [*pages[:at], pages[at][:1000]],
            "cut at its edge": pages[:at],
        }[how]
        site.path.write_bytes(b"".join(broken))
        if not at:
            assert judge().code == 6
            continue
        # A page of the index is not of the log: then the log is ok, and the answer comes from it.
        if told_truth(judge(), entries, site) == "ok":
            ran = trace("history", "BOX-07", "--json")
            assert [event["seq"] for event in ran.answer["events"]] == OWN


@pytest.mark.parametrize("file", ["policy", "pins", "keys"])
def test_f03_a_bit_in_what_is_trusted(site, trace, file):
    """Never ok with a damaged policy or pin; a damaged key signs nothing."""
    (path,) = (found for found in (site.folder / "home" / file).rglob("dc1.*") if found.suffix != ".lock")
    whole, rng = path.read_bytes(), random.Random(3)
    for _ in range(25):
        data = bytearray(whole)
        at = rng.randrange(len(data))
        data[at] ^= 1 << rng.randrange(7)
        path.write_bytes(data)
        before = site.digest
        ran = trace("record", "BOX-1", "--step", "holding") if file == "keys" else trace("verify", "--json")
        assert ran.code != 1, (at, ran)
        if ran.code == 0:
            shutil.rmtree(site.folder / "home" / "pins") if file == "keys" else None
        if file == "keys" and ran.code:
            assert site.digest == before
    path.write_bytes(whole)


def test_f05_the_wal_of_another_copy(site, trace, judge, tmp_path):
    """Two copies grow apart; the journal of one is laid beside the other. Never a mixture that is called ok."""
    other = tmp_path / "other.db"
    shutil.copy(site.path, other)
    for path, marks in ((site.path, "ab"), (other, "c")):
        store = SqliteStorage(path, writable=True)
        log = Log(store, load_key(site.folder / "home", ORIGIN), now, None)
        for mark in marks:
            from ledger.chain.entry import draft

            log.append([draft("event", {"mark": mark * 3000}, by="x", via="typed")])
        if path == other:
            shutil.copy(f"{path}-wal", f"{site.path}-wal.new")
        store.close()
    (site.folder / "ledger.db-wal.new").rename(site.folder / "ledger.db-wal")
    assert trace("verify", "--json").answer["verdict"] in ("ok", "tampered", "corrupt", "forked", "rolled_back")
    with closing(sqlite3.connect(site.path)) as seen:
        entries = [row[0] for row in seen.execute("SELECT bytes FROM entry ORDER BY seq")]
    if trace("verify").code == 0:  # then it is one of the two, whole
        assert len(entries) in (302, 303)
        assert len({entry[-3000:-2900] for entry in entries[301:]} & {b"a" * 100, b"c" * 100}) <= 1


@pytest.mark.parametrize("cut", [1, 24, 4000, 4096])
def test_f06_a_torn_last_frame_costs_only_what_was_torn(site, trace, cut, tmp_path):
    store = SqliteStorage(site.path, writable=False)
    with store.snapshot():
        for _ in range(2):
            assert trace("record", "BOX-07", "--step", "inspecting").code == 0
        shutil.copy(site.path, tmp_path / "torn.db")
        wal = (site.folder / "ledger.db-wal").read_bytes()
    store.close()
    (tmp_path / "torn.db-wal").write_bytes(wal[:-cut])
    shutil.rmtree(site.folder / "home" / "pins")  # else the pin says, truly, that the ledger was longer
    ran = trace("verify", tmp_path / "torn.db", "--json")
    assert (ran.code, ran.answer["verdict"], ran.answer["size"]) == (0, "ok", 302)


@pytest.fixture
def open_folder():
    """A folder that every user can reach, as those of pytest are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_f08_a_hot_journal_that_may_not_be_played_back(site, open_folder):
    """The file alone is half of a transaction then, and is not taken for the whole."""
    site.sql("PRAGMA journal_mode = DELETE")
    hot = open_folder
    with closing(sqlite3.connect(site.path, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 2")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE entry SET bytes = CAST(replace(bytes, 'holding', 'hOLDING') AS BLOB)")
        for name in ("ledger.db", "ledger.db-journal"):
            shutil.copy(site.folder / name, hot / name)
        writer.execute("ROLLBACK")
    code = """
        import os, sys
        from pathlib import Path
        from ledger.chain.errors import Unreadable
        from ledger.chain.storage.sqlite import SqliteStorage
        path = Path(sys.argv[1])
        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        try:
            store = SqliteStorage(path, writable=False)
            with store.snapshot() as view:
                print(sum(b"hOLDING" in data for _, data in view.entries()))
        except Unreadable as error:
            print("refused:", bool(error.remedy))
    """
    for path in hot.iterdir():
        path.chmod(0o444)
    hot.chmod(0o555)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(hot / "ledger.db")],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    hot.chmod(0o755)
    assert done.stdout in ("refused: True\n", "0\n"), done.stderr


@pytest.mark.parametrize("room", [1, 5, 9, 20, 60])
def test_f09_a_full_disk_half_writes_nothing(site, child, trace, room):
    """A limit on the size of files gives what a full disk gives; once there is room again, the same works."""
    table = site.folder / "rows.csv"
    rows = [f"2026-03-05T00:00:00Z,holding,NEW-{number},{'x' * 200}" for number in range(2000)]
    table.write_text("time,step,item,document\n" + "\n".join(rows) + "\n")
    code = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room * 4096 + 1},) * 2)\n" + TRACE
    )
    full = child(code, "import", table, "--json")
    out, err = full.communicate(timeout=60)
    assert full.returncode == 6, (out, err)
    assert "Traceback" not in err
    assert trace("verify", "--json").answer["size"] == len(site.entries())
    again = trace("import", table, "--json")
    assert again.code == 0
    assert trace("verify", "--json").answer["size"] == 2301
    assert trace("index", "check").code == 0


def test_f11_a_disk_that_fails_to_sync(site, child, trace, tmp_path):
    """An append whose fsync fails is told as failed, and nothing goes on as if it had succeeded."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to make a failing fsync with")
    source = tmp_path / "fail.c"
    source.write_text(
        "#include <errno.h>\nint fsync(int fd){errno=EIO;return -1;}\n"
        "int fdatasync(int fd){errno=EIO;return -1;}\n"
    )
    library = tmp_path / "fail.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True, timeout=60)
    failing = child(TRACE, "record", "BOX-07", "--step", "holding", env={"LD_PRELOAD": str(library)})
    _, err = failing.communicate(timeout=60)
    assert failing.returncode == 6, err
    assert "Traceback" not in err
    assert trace("verify").code == 0
    assert trace("record", "BOX-07", "--step", "holding").code == 0
    assert trace("index", "check").code == 0


def test_f12_a_file_that_was_replaced_while_it_was_open(site, tmp_path):
    from ledger.chain.entry import draft

    older = tmp_path / "older.db"
    shutil.copy(site.path, older)
    store = SqliteStorage(site.path, writable=True)
    log = Log(store, load_key(site.folder / "home", ORIGIN), now, None)
    item = [draft("event", {"a": 1}, by="x", via="typed")]
    log.append(item)
    shutil.copy(older, tmp_path / "copy.db").replace(site.path)
    with pytest.raises(Unreadable, match="replaced"):
        log.append(item)
    store.close()
    store = SqliteStorage(site.path, writable=True)
    log = Log(store, load_key(site.folder / "home", ORIGIN), now, None)
    log.append(item)
    store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with closing(sqlite3.connect(older)) as source, closing(sqlite3.connect(site.path)) as target:
        source.backup(target)  # in place: same inode, older content
    with pytest.raises(RolledBack):
        log.append(item)
    store.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_w09_a_signal_during_an_import(site, child, trace, number):
    table = site.folder / "rows.csv"
    rows = [f"2026-03-05T00:00:00Z,holding,NEW-{at}" for at in range(12_000)]
    table.write_text("time,step,item\n" + "\n".join(rows) + "\n")
    before = site.sql("SELECT max(size) FROM checkpoint")
    running = child(TRACE, "import", table)
    while site.sql("SELECT max(size) FROM checkpoint") == before:
        assert running.poll() is None, "it ended before it began to record"
        time.sleep(0.005)
    running.send_signal(number)
    _, err = running.communicate(timeout=60)
    assert running.returncode in ((130, 0) if number == signal.SIGINT else (-signal.SIGTERM, 143, 0))
    assert "Traceback" not in err
    verdict = trace("verify", "--json")
    assert (verdict.code, verdict.answer["verdict"]) == (0, "ok")
    assert trace("index", "check").code == 0


def test_w09_a_reader_that_goes_away(site, child):
    running = child(TRACE, "log", "-n", "300", "--json")
    running.stdout.close()
    err = running.stderr.read()
    running.stderr.close()
    assert running.wait(timeout=60) in (0, 1)
    assert "Traceback" not in err


def test_w10_a_fork_may_not_use_what_its_parent_has_opened(site):
    from ledger.chain.entry import draft

    store = SqliteStorage(site.path, writable=True)
    log = Log(store, load_key(site.folder / "home", ORIGIN), now, None)
    item = [draft("event", {"a": 1}, by="x", via="typed")]
    child = os.fork()
    if not child:
        try:
            log.append(item)
        except Unreadable:
            os._exit(17)
        os._exit(18)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 17
    assert log.append(item).first == 301
    store.close()


def test_w10_two_threads_share_no_handle(site):
    import threading

    store = SqliteStorage(site.path, writable=False)
    found = []

    def read():
        try:
            with store.snapshot() as view:
                found.append(view.head())
        except Unreadable as error:
            found.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert isinstance(found[0], Unreadable)
    store.close()
