# SPDX-License-Identifier: Apache-2.0
"""Answers from what was kept of verified entries: the same to the digit, and no less true."""

import os
import random
import re
import shutil
import sqlite3

import pytest

from trace_cli import kept_history, known_history

HEAD = "time,step,item,product,lot,quantity,unit,place,to,container,promised,recorded\n"
PREDICTIONS = (
    ("eta",),
    ("bottlenecks",),
    ("anomalies",),
    ("forecast",),
    ("forecast", "--of", "arrivals", "--place", "HUB"),
    ("report", "operations", "-o", "operations.html"),
    ("backtest",),
    ("backtest", "--of", "eta"),
)
KEPT = "home/pins/acme.example/dc1.derived"


def stamp(hours):
    return f"2026-{1 + hours // 672:02d}-{1 + hours // 24 % 28:02d}T{hours % 24:02d}:00Z"


def rows_of(seed, first, count):
    """Make shipments, some late, some recorded late, some packed; items of different batches meet."""
    dice = random.Random(f"{seed} {first}")
    rows = []
    for number in range(first, first + count):
        start, item = 6 * number + dice.randrange(30), f"BOX-{number}"
        origin, target = dice.sample(["DOCK", "HUB", "SHOP"], 2)
        late = stamp(start + 200) if dice.random() < 0.2 else ""
        if dice.random() < 0.2:
            rows.append(f"{stamp(start)},packing,{item},,,,,{origin},,PALLET-{number % 3},,{late}")
        rows.append(f"{stamp(start + 1)},shipping,{item},SKU,,,,{origin},{target},,{stamp(start + 20)},{late}")
        if dice.random() < 0.8:
            rows.append(f"{stamp(start + 5 + dice.randrange(40))},receiving,{item},,,,,{target},,,,")
        if dice.random() < 0.1:
            rows.append(f"{stamp(start + 9)},inspecting,PALLET-{number % 3},,,,,HUB,,,,")
    dice.shuffle(rows)
    return HEAD + "\n".join(rows) + "\n"


@pytest.fixture(autouse=True)
def _keep_small_logs(monkeypatch):
    monkeypatch.setattr(kept_history, "LEAST_ENTRIES", 10)
    monkeypatch.setattr(kept_history, "LEAST_NEW", 1)


@pytest.fixture
def folder(ledger_of, trace):
    """A ledger whose entries were kept by a first answer."""
    folder = ledger_of(rows_of(1, 0, 60))
    assert trace("bottlenecks", "--no-record").code == 0
    assert (folder / KEPT).is_file()
    return folder


@pytest.fixture
def add(trace, folder):
    def record(text):
        (folder / "more.csv").write_text(text, encoding="utf-8")
        assert trace("import", "more.csv").code == 0

    return record


@pytest.fixture
def unread(monkeypatch):
    """Let no old entry be read by turns, as in a log too long for that."""
    monkeypatch.setattr(known_history, "ROLLING", 1)
    monkeypatch.setattr("ledger.chain.quick.rolling_tiles", lambda day, tiles, most: range(0))


@pytest.fixture
def whole(monkeypatch):
    """Count how often the whole log is verified."""
    calls = []
    verify = known_history._read_whole
    monkeypatch.setattr(known_history, "_read_whole", lambda *given: calls.append(1) or verify(*given))
    return calls


def hide_products(folder):
    settings = (folder / "trace.toml").read_text(encoding="utf-8")
    (folder / "trace.toml").write_text(settings.replace("fields = [] ", 'fields = ["product"] '), encoding="utf-8")


def ask(trace, *options):
    """Ask both questions, and give what they answer, but for the anchor, which each answer moves on."""
    told = []
    for command in ("eta", "bottlenecks"):
        ran = trace(command, "--json", "--no-record", "--top", 1000, *options)
        assert ran.code == 0, ran.err
        told.append({name: value for name, value in ran.answer.items() if name != "anchor"})
    return told


@pytest.mark.parametrize("seed", [1, 2])
def test_kept_or_not_makes_no_difference(trace, folder, add, whole, seed):
    moments = ((), ("--as-of", stamp(200)), ("--as-of", stamp(333)))
    for batch in range(3):
        add(rows_of(seed, 60 + 8 * batch, 8))
        if batch == 1:
            for seq in (3, 30, 70):
                assert trace("correct", seq, "--reason", "did_not_occur").code == 0
        for moment in moments:
            whole.clear()
            kept = ask(trace, *moment)
            assert whole == []
            assert kept == ask(trace, "--full", *moment)
            assert len(whole) == 2


def test_nothing_kept_is_the_same_answer(trace, folder, add):
    add(rows_of(3, 70, 5))
    before = ask(trace)
    shutil.rmtree(folder / "home" / "derived")
    assert ask(trace) == before
    (folder / KEPT).unlink()
    assert ask(trace) == before


def test_only_new_entries_are_read(trace, folder, add, whole, monkeypatch):
    from ledger.custody import history

    read = []
    one = history._read_event
    monkeypatch.setattr(
        history, "_read_event", lambda seq, *given, **more: read.append(seq) or one(seq, *given, **more)
    )
    size = trace("verify", "--json").answer["size"]
    add(rows_of(4, 70, 3))
    ask(trace)
    assert read
    assert min(read) >= size


def test_recording_decisions_goes_on_from_what_was_kept(trace, folder, whole):
    first = trace("bottlenecks", "--json").answer
    second = trace("bottlenecks", "--json").answer
    assert second["checkpoint"]["size"] == first["checkpoint"]["size"] + 1
    assert second["sites"] == first["sites"]
    assert whole == []
    assert trace("decision", "replay", second["decision_seq"]).code == 0


@pytest.mark.parametrize("seq", [0, 5, 40])
def test_a_changed_old_entry_is_found_by_turns(trace, folder, tamper, seq):
    tamper(folder / "ledger.db", seq, b"2026", b"2025")
    ran = trace("bottlenecks", "--json")
    assert ran.code == 3
    assert ran.answer["first_bad_seq"] == seq


def test_a_changed_old_entry_changes_no_answer_and_verifying_finds_it(trace, folder, add, unread, tamper):
    asked = ("--as-of", stamp(300))
    before = ask(trace, *asked)
    named = {seq for site in before[1]["sites"] for seq in site["events"]}
    named |= {one["seq"] for one in before[0]["shipments"]}
    seq = next(seq for seq in range(10, 90) if seq not in named)
    tamper(folder / "ledger.db", seq, b"2026", b"2025")
    assert ask(trace, *asked) == before
    for command in PREDICTIONS:
        ran = trace(*command, "--full", "--json")
        assert ran.code == 3, command
        assert ran.answer["first_bad_seq"] == seq
    assert trace("verify").code == 3


def test_a_changed_entry_that_an_answer_names_is_refused(trace, folder, unread, tamper):
    for command, key in (("bottlenecks", "sites"), ("eta", "shipments")):
        answer = trace(command, "--json", "--no-record").answer
        seq = answer[key][0]["events"][0] if key == "sites" else answer[key][0]["seq"]
        tamper(folder / "ledger.db", seq, b"2026", b"2027")
        ran = trace(command, "--json")
        assert ran.code == 3
        assert ran.answer["first_bad_seq"] == seq
        tamper(folder / "ledger.db", seq, b"2027", b"2026")


def test_a_changed_new_entry_is_refused(trace, folder, add, unread, tamper):
    size = trace("verify", "--json").answer["size"]
    add(rows_of(5, 70, 3))
    tamper(folder / "ledger.db", size + 1, b"2026", b"2025")
    ran = trace("eta", "--json")
    assert ran.code == 3
    assert ran.answer["first_bad_seq"] == size + 1


def test_an_older_copy_of_the_ledger_is_refused(trace, folder, add, unread):
    shutil.copy(folder / "ledger.db", folder / "older.db")
    add(rows_of(6, 70, 3))
    ask(trace)
    for end in ("-wal", "-shm"):
        (folder / f"ledger.db{end}").unlink(missing_ok=True)
    shutil.copy(folder / "older.db", folder / "ledger.db")
    assert trace("eta").code == 3


def test_a_rewritten_history_is_refused(trace, folder, add, unread):
    """Another history under the same key: what was kept is no prefix of it."""
    for name in ("ledger.db", "home/pins"):
        target = folder / f"{name}.kept"
        shutil.copytree(folder / name, target) if (folder / name).is_dir() else shutil.copy(folder / name, target)
    add(rows_of(7, 70, 3))
    ask(trace)
    remembered = (folder / "home/pins/acme.example/dc1.pin").read_text()
    listed = (folder / KEPT).read_text()
    for end in ("-wal", "-shm"):
        (folder / f"ledger.db{end}").unlink(missing_ok=True)
    shutil.copy(folder / "ledger.db.kept", folder / "ledger.db")
    shutil.rmtree(folder / "home/pins")
    shutil.copytree(folder / "home/pins.kept", folder / "home/pins")
    add(rows_of(8, 90, 6))
    (folder / "home/pins/acme.example/dc1.pin").write_text(remembered)
    (folder / KEPT).write_text(listed)
    ran = trace("eta", "--json")
    assert ran.code == 3
    assert ran.answer["verdict"] == "forked"


@pytest.mark.parametrize("damage", ["byte", "cut", "list", "other list"])
def test_what_was_kept_and_changed_is_not_used(trace, folder, whole, damage):
    before = ask(trace)
    whole.clear()
    (file,) = (folder / "home/derived/acme.example/dc1").glob("*.npz")
    data = file.read_bytes()
    if damage == "byte":
        file.write_bytes(data.replace(b"BOX-1", b"BOX-2"))
    elif damage == "cut":
        file.write_bytes(data[:-100])
    else:
        listed = (folder / KEPT).read_text()
        changed = listed[:50] if damage == "list" else re.sub(r'"[0-9a-f]{64}"', f'"{"0" * 64}"', listed)
        (folder / KEPT).write_text(changed)
    assert ask(trace) == before
    assert whole


def test_a_pin_that_was_forgotten_means_reading_everything(trace, folder, whole):
    (folder / "home/pins/acme.example/dc1.pin").unlink()
    assert ask(trace)
    assert whole == [1]


def test_private_values_are_not_kept_and_erasing_reaches_the_next_answer(trace, folder, add, whole):
    hide_products(folder)
    size = trace("verify", "--json").answer["size"]
    add(HEAD + f"{stamp(900)},shipping,SECRET-BOX,SECRET-SKU,,,,DOCK,SHOP,,,\n")
    (secret,) = (one for one in ask(trace)[0]["shipments"] if "SECRET-BOX" in one["item"])
    assert "SECRET-SKU" in secret["product"]
    kept = b"".join(path.read_bytes() for path in (folder / "home/derived").rglob("*.npz"))
    assert b"SECRET" not in kept
    assert b"BOX-1" in kept
    ran = trace("erase", size, "--field", "product", "--reason", "asked")
    assert ran.code == 0, ran.err
    whole.clear()
    erased = ask(trace)
    assert whole == []
    (secret,) = (one for one in erased[0]["shipments"] if "SECRET-BOX" in one["item"])
    assert secret["product"] is None
    assert erased == ask(trace, "--full")


def test_a_private_value_that_is_missing_is_told(trace, folder, add):
    hide_products(folder)
    add(HEAD + f"{stamp(900)},shipping,SECRET-BOX,SECRET-SKU,,,,DOCK,SHOP,,,\n")
    ask(trace)
    with sqlite3.connect(folder / "ledger.db") as connection:
        connection.execute("DELETE FROM attachment")
    connection.close()
    assert trace("eta").code == 3


def test_a_fifo_in_the_place_of_a_file_makes_nobody_wait(folder, trace, whole):
    sound = trace("bottlenecks", "--json", "--no-record").out
    whole.clear()
    for path in (folder / "home/derived").rglob("*.npz"):
        path.unlink()
        os.mkfifo(path)
    ran = trace("bottlenecks", "--json", "--no-record")
    assert (ran.code, ran.out, len(whole)) == (0, sound, 1)


def test_files_of_others_stay_where_the_directory_is_a_link_to_theirs(folder, trace, add, tmp_path):
    theirs, room = tmp_path / "theirs", folder / "home/derived/acme.example/dc1"
    shutil.copytree(room, theirs)
    shutil.rmtree(room)
    room.symlink_to(theirs)
    (theirs / "weights.npz").write_bytes(b"mine")
    add(rows_of(1, 60, 60))
    assert trace("bottlenecks", "--no-record").code == 0
    assert (theirs / "weights.npz").read_bytes() == b"mine"
    assert len(list(theirs.glob("*.npz"))) > 1
