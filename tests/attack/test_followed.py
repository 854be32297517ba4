# SPDX-License-Identifier: Apache-2.0
"""A ledger that is followed, and between two looks replaced, forked, grown, given another key or another clock."""

import os
import shutil
from datetime import timedelta

import pytest

from ledger.chain.checkpoint import parse_checkpoint, sign_checkpoint
from ledger.chain.home import place_of
from ledger.chain.keys import load_key
from trace_cli import context, known_history
from trace_cli.context import find_site
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode
from trace_cli.following import FollowedLedger
from trace_cli.progress import Progress
from trace_cli.watching import Watcher

ORIGIN = "acme.example/dc1"
HEAD = "time,step,item,place\n"


def follow():
    return FollowedLedger(find_site(None), schema="trace.watch/1", progress=Progress("verifying", quiet=True))


def pin_of(site):
    return place_of(site.folder / "home", "pins", ORIGIN, ".pin")


def add(site, trace, mark, count=3, day=5):
    rows = (f"2026-03-{day:02}T{n // 60 % 24:02}:{n % 60:02}:00Z,inspecting,{mark}-{n},D1" for n in range(count))
    (site.folder / "more.csv").write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    assert trace("import", "more.csv").code == 0


def put(site, source):
    """Put another file in the place of the ledger: another inode, and no journal of the one before."""
    for end in ("-wal", "-shm"):
        (site.folder / f"ledger.db{end}").unlink(missing_ok=True)
    shutil.copy(source, site.folder / "fresh.db")
    os.replace(site.folder / "fresh.db", site.path)


def table_of(ledger):
    return ledger.events().to_csv(index=False)


@pytest.mark.parametrize("pinned", ["pin", "older pin", "no pin"])
@pytest.mark.parametrize("what", ["older copy", "fork", "other site"])
def test_another_file_in_the_place_ends_it(site, trace, tmp_path, monkeypatch, what, pinned):
    """Also where whoever puts it there takes the pin back, since what was followed is known without it."""
    shutil.copy(site.path, tmp_path / "old.db")
    add(site, trace, "MORE")
    older = pin_of(site).read_text() if pin_of(site).exists() else ""
    add(site, trace, "MOST")
    ledger = follow()
    newest = pin_of(site).read_text()
    if what == "other site":
        other = tmp_path / "other"
        other.mkdir()
        with monkeypatch.context() as away:
            away.chdir(other)
            away.setenv("TRACE_HOME", str(other / "home"))
            assert trace("init", "--org", "acme.example", "--site", "dc1").code == 0
            (other / "more.csv").write_text(
                HEAD + "\n".join(f"2026-03-05T08:{n % 60:02}:00Z,inspecting,BOX-{n},D1" for n in range(400))
            )
            assert trace("import", "more.csv").code == 0
        put(site, other / "ledger.db")
    else:
        put(site, tmp_path / "old.db")
        if what == "fork":
            pin_of(site).unlink()
            add(site, trace, "ELSE", 20)
            pin_of(site).write_text(newest)
    if pinned == "older pin":
        pin_of(site).write_text(older)
    elif pinned == "no pin":
        pin_of(site).unlink()
    with pytest.raises(CommandError) as told:
        ledger.look()
    assert told.value.code is ExitCode.NOT_VERIFIED
    if pinned == "pin":
        assert pin_of(site).read_text() == newest


@pytest.mark.parametrize("data", [b"", b"SQLite format 3\0" + bytes(4096), b"no ledger" * 999, None])
def test_what_is_no_ledger_ends_the_command_without_a_traceback(site, trace, monkeypatch, data):
    """While `trace watch` waits for the next look; the exit code says that the file cannot be used."""
    look = Watcher.look

    def replaced(watcher):
        site.path.unlink()
        if data is not None:
            site.path.write_bytes(data)
        return look(watcher)

    monkeypatch.setattr(Watcher, "look", replaced)
    ran = trace("watch", "--json", "--interval", "0.05")
    assert ran.code in (3, 6)
    assert ran.answer["error"]["code"] == ran.code


def test_a_much_larger_ledger_is_the_same_table(site, trace):
    ledger = follow()
    add(site, trace, "MORE", 1400)
    update = ledger.look()
    assert (update.first, len(update.events)) == (301, 1400)
    assert table_of(ledger) == table_of(follow())
    assert ledger.look() is None


def test_a_new_key_between_looks_is_followed_and_the_old_one_no_longer(site, trace, tmp_path):
    ledger = follow()
    shutil.copytree(site.folder / "home/keys", tmp_path / "keys")
    assert trace("key", "rotate").code == 0
    assert ledger.look().first == 301
    add(site, trace, "MORE")
    assert trace("key", "rotate").code == 0
    add(site, trace, "MOST")
    assert len(ledger.look().events) == 6
    assert table_of(ledger) == table_of(follow())
    # A thief of the first key goes on from where the ledger stands.
    shutil.rmtree(site.folder / "home/keys")
    shutil.copytree(tmp_path / "keys", site.folder / "home/keys")
    head = parse_checkpoint(pin_of(site).read_text()).head
    note = sign_checkpoint(head, load_key(site.folder / "home", ORIGIN).signers)
    site.sql(f"UPDATE checkpoint SET note = '{note}' WHERE size = {head.size}")
    with pytest.raises(CommandError) as told:
        ledger.look()
    assert told.value.code is ExitCode.NOT_VERIFIED


def test_a_clock_that_goes_back_takes_no_moment_back(site, trace, monkeypatch):
    ledger = follow()
    add(site, trace, "MORE")
    ledger.look()
    latest, real = ledger.latest, context.now
    monkeypatch.setattr(context, "now", lambda: real() - timedelta(days=30))
    assert trace("scan", "BOX-01", "--step", "receiving", "--place", "D1").code == 0
    assert len(ledger.look().events) == 1
    assert ledger.latest >= latest
    assert table_of(ledger) == table_of(follow())


def test_what_is_recorded_while_erasing_is_read_counts_once(site, trace, monkeypatch):
    ledger = follow()
    assert trace("erase", 10, "--field", "contact", "--reason", "asked").code == 0
    read = known_history.read_snapshot

    def slowly(*given, **more):
        assert trace("scan", "BOX-01", "--step", "receiving", "--place", "D1").code == 0
        return read(*given, **more)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(known_history, "read_snapshot", slowly)
        assert ledger.look().events == ()
    assert len(ledger.look().events) == 1
    assert ledger.look() is None
    assert table_of(ledger) == table_of(follow())
