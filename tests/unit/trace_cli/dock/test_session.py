# SPDX-License-Identifier: Apache-2.0
"""The session without a terminal: what each scan leads to, on the screen, in the journal and in the ledger."""

import json
import re
import sqlite3
from contextlib import ExitStack
from decimal import Decimal

import pytest

from trace_cli.capture import Circumstances
from trace_cli.context import find_site, now
from trace_cli.dock.book import Book, find_accepted
from trace_cli.dock.journal import begin, find_open
from trace_cli.dock.orders import Order, doubted, read_order
from trace_cli.dock.packing_list import PackingList, read_packing_list
from trace_cli.dock.reader import Read
from trace_cli.dock.screen import Screen
from trace_cli.dock.session import Session
from trace_cli.errors import CommandError

LOT = b"]d2010952123454321310ABC"
LOT_URI = "https://id.gs1.org/01/09521234543213/10/ABC"


@pytest.fixture
def at_dock(ledger_of, capsys):
    """Begins sessions at one dock; every one has a clock that the test turns."""
    ledger_of()
    with ExitStack() as stack:
        site = find_site(None)
        recorder = stack.enter_context(site.recording())

        def start(*, by="jo", place="DOCK-3", packing=None, **more):
            journal = begin(site.settings.folder, now(), first_seq=recorder.log.size, step="receiving")
            stack.callback(journal.close)
            said = Circumstances(step="receiving", place=place)
            screen = Screen(sound="all", colour=False)
            session = Session(
                Book(site, recorder, journal.name), journal, screen, said, by, lambda: session.now, **more
            )
            session.now = 100.0
            if packing:
                session.packing = PackingList(
                    {site.codes.item(item).uri: Decimal(n) for item, n in packing.items()}
                )
            return session

        yield start


def scan(session, *raws, after=10.0, entry="scanned"):
    found = []
    for raw in raws:
        session.now += after
        found.append(session.take(Read(raw if isinstance(raw, bytes) else raw.encode(), entry, "line")))
    return found[-1]


def test_an_event_says_who_where_how_and_with_which_bytes(at_dock, trace):
    session = at_dock()
    outcome = scan(session, b"]C100952132112345678902")
    event = trace("show", outcome.seq, "--json").answer
    assert (event["via"], event["by"]) == ("scanned", "jo")
    assert event["body"]["trace:raw"] == b"]C100952132112345678902".hex()
    assert event["body"]["trace:session"] == session.journal.name
    typed = trace("show", scan(session, "BOX-9", entry="typed").seq, "--json").answer
    assert typed["via"] == "typed"
    assert "trace:raw" not in typed["body"]


def test_the_label_is_read_as_everywhere(at_dock, trace):
    session = at_dock()
    outcome = scan(session, b"]d2010952123454321310ABC\x1d1749123121S1")
    body = trace("show", outcome.seq, "--json").answer["body"]
    assert body["epcList"] == ["https://id.gs1.org/01/09521234543213/21/S1"]
    assert (body["trace:lot"], body["trace:expiry"]) == ("ABC", "2049-12-31")
    assert "expired on 2019-12-31" in scan(session, b"]d201095212345432131719123121S2").reason


def test_one_thing_is_counted_once(at_dock):
    session = at_dock()
    first = scan(session, "BOX-1")
    for pause in (0.1, 1.9, 3600.0):
        again = scan(session, "BOX-1", after=pause)
        assert (again.status, again.seq) == ("duplicate", first.seq)
    assert len(session.accepted) == 1
    assert session.again == 3


def test_a_lot_adds_up_but_not_within_the_cooldown(at_dock):
    session = at_dock()
    assert scan(session, LOT).status == "ok"
    assert scan(session, LOT, after=1.0).status == "duplicate"
    assert scan(session, LOT, after=2.5).status == "ok"
    assert scan(session, "TRACE:COUNT:5", LOT, after=0.5).status == "ok"
    assert session.packing.came == {LOT_URI: Decimal(7)}
    assert scan(session, "5x", entry="typed") is None
    assert scan(session, "BOX-1").status == "refused"
    assert scan(session, "BOX-1").status == "ok", "the number was for one scan"


def test_undo_goes_back_one_by_one_and_both_stay(at_dock, trace):
    session = at_dock(packing={"A": 1, "B": 1})
    scan(session, "A", "B", "TRACE:UNDO")
    assert session.packing.missing() == [("https://acme.example/obj/B", Decimal(1))]
    assert scan(session, "B").status == "ok"
    scan(session, "undo", "undo", "undo", entry="typed")
    assert (session.accepted, session.undone) == ([], 3)
    events = trace("history", "B", "--json").answer["events"]
    assert [event["corrected"] for event in events] == [True] * len(events)
    assert trace("verify", "--json").answer["size"] == 1 + 6


def test_the_packing_list(at_dock, capsys):
    session = at_dock(packing={"A": 1, "B": 1, "C": 1})
    scan(session, "A", "X")
    scan(session, "TRACE:DONE")
    assert session.asking
    assert not session.done
    scan(session, "damaged", entry="typed")
    assert session.done
    text = session.summary()
    assert "1 of 3 expected, 2 missing, 1 not expected" in text
    assert "missing  B  1  (damaged)" in text
    assert "extra    X  1" in text
    assert "EXTRA" in capsys.readouterr().out


def test_the_session_goes_on_where_the_question_is_not_answered(at_dock):
    session = at_dock(packing={"A": 1})
    scan(session, "TRACE:DONE", "A")
    assert not session.asking
    assert scan(session, "A").status == "ok"
    scan(session, "TRACE:DONE")
    assert session.done


def test_a_lost_separator_is_found_by_the_packing_list(at_dock):
    """As a lot the swallowed text would do; but the list knows what it is."""
    session = at_dock(packing={"https://id.gs1.org/01/09521234543213/21/S001": 1})
    assert scan(session, b"]d2010952123454321310L2421S001").status == "ask"
    assert scan(session, b"]d2010952123454321310L24\x1d21S001").status == "ok"
    assert session.packing.missing() == []


def test_badge_and_place_come_first(at_dock):
    session = at_dock(by="", place=None)
    assert "badge" in scan(session, "BOX-1").reason
    scan(session, "TRACE:BY:kim")
    assert "place" in scan(session, "BOX-1").reason
    scan(session, "trace:place:DOCK-9")
    assert scan(session, "BOX-1").status == "ok"
    session.idle()
    assert "badge" in scan(session, "BOX-2").reason


def test_stop_on_error(at_dock):
    session = at_dock(stop_on_error=True)
    assert scan(session, "4006381333932").status == "refused"
    assert "not seen" in scan(session, "BOX-1").reason
    scan(session, "TRACE:OK")
    assert scan(session, "BOX-1").status == "ok"


def test_what_contradicts_the_ledger_is_refused_with_its_entry(at_dock, trace):
    session = at_dock()
    assert scan(session, "BOX-1").status == "ok"
    second = at_dock()
    outcome = scan(second, "BOX-1")
    assert (outcome.status, "entry 1" in outcome.reason) == ("refused", True)


def test_the_bell_rings_for_bad_news(at_dock, capsys):
    session = at_dock()
    capsys.readouterr()
    session.screen._sound = "errors"
    scan(session, "BOX-1")
    assert "\a" not in capsys.readouterr().out
    scan(session, "4006381333932")
    assert "\a" in capsys.readouterr().out
    session.screen._sound = "none"
    scan(session, "4006381333932")
    assert "\a" not in capsys.readouterr().out


def test_refused_codes_lie_in_the_tray_with_every_byte(at_dock):
    session = at_dock()
    raw = bytes(range(128, 256)) * 40
    scan(session, raw)
    lines = [json.loads(line) for line in session.journal.path.read_text().splitlines()]
    assert lines[-1]["refused"]["raw_hex"] == raw.hex()


def test_no_control_byte_reaches_the_terminal(at_dock, capsys):
    session = at_dock()
    capsys.readouterr()
    scan(session, b"\x1b]0;title\x07\x9b2J")
    out = capsys.readouterr().out.removesuffix("\a")
    assert all(char.isprintable() or char in "\n\a" for char in out)


def test_a_session_that_was_cut_off_is_found_again(at_dock):
    session = at_dock()
    scan(session, "A", LOT, "B", "TRACE:UNDO", "TRACE:PLACE:BAY")
    folder, site = session.book.site.settings.folder, session.book.site
    assert list(find_open(folder)) == [], "it is alive"
    found, undone = find_accepted(site, session.journal.name, session.journal.facts["first_seq"])
    assert [(one.uri, one.quantity) for one in found] == [
        ("https://acme.example/obj/A", Decimal(1)),
        (LOT_URI, Decimal(1)),
    ]
    assert undone == 1
    with session.journal.path.open("ab") as file:
        file.write(b'{"place": "cut o')
    import os

    os.dup2(os.open(os.devnull, os.O_RDONLY), session.journal.handle)
    (again,) = find_open(folder)
    assert again.facts["place"] == "BAY"
    again.close()


@pytest.mark.parametrize(
    ("text", "entry", "order"),
    [
        ("TRACE:UNDO", "scanned", Order("UNDO")),
        ("trace:undo", "typed", Order("UNDO")),
        ("TRACE:PLACE:a:b c", "scanned", Order("PLACE", "a:b c")),
        ("TRACE:COUNT:0", "scanned", None),
        ("TRACE:PLACE", "scanned", None),
        ("TRACE:UNDO:3", "scanned", None),
        ("undo", "scanned", Order("UNDO")),
        ("done", "scanned", Order("DONE")),
        ("place DOCK-4", "scanned", None),
        ("place", "typed", None),
        ("trace:place:DOCK-4", "scanned", Order("PLACE", "DOCK-4")),
        ("undo", "typed", Order("UNDO")),
        ("UNDO", "typed", None),
        ("place DOCK-4", "typed", Order("PLACE", "DOCK-4")),
        ("12 x", "typed", Order("COUNT", "12")),
        ("12x", "scanned", None),
        ("done", "typed", Order("DONE")),
    ],
)
def test_orders(text, entry, order):
    assert read_order(text, entry) == order


@pytest.mark.parametrize("text", ["place DOCK-4", "by jo", "count 5"])
def test_an_order_with_a_value_that_came_at_once_is_refused_with_what_to_write(text):
    name, value = text.split()
    why = doubted(text)
    assert why is not None
    assert f"write trace:{name}:{value}," in why
    assert read_order(f"trace:{name}:{value}", "scanned") == Order(name.upper(), value)
    assert doubted("BOX 5") is doubted("place") is doubted("PLACE 7") is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "item,quantity\nA,2\nB,\nA,1\n"),
        ("a.csv", "\ufeffitem\nA\nA\nA\nB\n"),
        ("a.json", '["A", "A", "A", "B"]'),
        ("a.json", '{"items": [{"item": "A", "quantity": 3}, {"code": "B"}]}'),
    ],
)
def test_packing_lists(ledger_of, tmp_path, name, text):
    ledger_of()
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = read_packing_list(tmp_path / name, find_site(None).codes)
    assert found.expected == {
        "https://acme.example/obj/A": Decimal(3),
        "https://acme.example/obj/B": Decimal(1),
    }


@pytest.mark.parametrize(
    "text", ["", "item\n", "[", "{}", "[1]", '{"items": 3}', '[{"item": "4006381333932"}]', "[{}]"]
)
def test_what_is_no_packing_list(ledger_of, tmp_path, text):
    ledger_of()
    name = "a.csv" if text.startswith("item") or not text else "a.json"
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(CommandError):
        read_packing_list(tmp_path / name, find_site(None).codes)


def test_a_product_on_the_list_takes_any_of_its_lots():
    found = PackingList({"https://id.gs1.org/01/09521234543213": Decimal(2)})
    product = "https://id.gs1.org/01/09521234543213"
    assert found.add(LOT_URI, product, Decimal(2)) == "listed"
    assert found.add(f"{product}/21/S", product, Decimal(1)) == "over"
    assert found.extras() == [(product, Decimal(1))]
    assert found.add(f"{product}/21/S", product, Decimal(-1)) == "listed"
    assert found.missing() == []


def test_a_ledger_that_is_busy_refuses_the_scan_and_the_session_goes_on(at_dock):
    session = at_dock()
    scan(session, "BOX-1")
    session.book._recorder.log._storage._connection.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(session.book.site.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert scan(session, "BOX-2").status == "refused"
    scan(session, "TRACE:UNDO")
    assert len(session.accepted) == 1
    other.execute("ROLLBACK")
    other.close()
    assert scan(session, "BOX-2").status == "ok"


def test_what_is_accepted_is_shown_with_the_verdict_of_check(at_dock, trace, capsys):
    session = at_dock()
    session.said = Circumstances(step="commissioning", place="MAKER")
    label = b"]d2010952123454321310ABC\x1d1749123121S%d"
    scan(session, *(label % number for number in range(1, 5)))
    assert trace("hold", "https://id.gs1.org/01/09521234543213/21/S3").code == 0
    session = at_dock()
    session.said = Circumstances(step="shipping", place="MAKER", destination="DOCK-3")
    scan(session, label % 1)
    session = at_dock()
    capsys.readouterr()
    words = []
    for raw in (label % 1, label % 9, (label % 2).replace(b"ABC", b"XYZ"), label % 3, label % 4):
        seen = trace("check", raw.decode(), "--place", "DOCK-3", "--json").answer
        outcome = scan(session, raw)
        assert (outcome.judged.verdict, list(outcome.judged.seqs)) == (seen["verdict"], seen["seqs"])
        words.append((outcome.judged.verdict, outcome.word))
        shown = capsys.readouterr().out
        assert seen["verdict"] in shown
        assert shown.startswith({"OK": "+ OK", "SUSPECT": "% SUSPECT"}[outcome.word])
    assert words == [
        ("consistent", "OK"),
        ("unknown", "OK"),
        ("mismatch", "SUSPECT"),
        ("held", "SUSPECT"),
        ("elsewhere", "SUSPECT"),
    ]


def test_goods_that_are_only_moved_about_are_not_suspect(at_dock):
    session = at_dock()
    scan(session, "BOX-1")
    session = at_dock(place="BAY-4")
    session.said = Circumstances(step="storing", place="BAY-4")
    outcome = scan(session, "BOX-1")
    assert (outcome.judged.verdict, outcome.word) == ("elsewhere", "OK")


def test_a_verdict_is_coloured_and_stands_there_without_colour(capsys):
    said = ("entry 1, consistent", "entry 2, unknown", "entry 3, elsewhere: it was sent to B")
    shown = []
    for screen in (Screen(colour=False), Screen(colour=True)):
        for why in said:
            screen.tell("OK", "BOX-1", why, why.split()[2].rstrip(":"))
        screen.tell("SUSPECT", "BOX-2", "entry 4, mismatch: another lot", "mismatch")
        shown.append(capsys.readouterr().out)
    assert "".join(re.split(r"\x1b\[[0-9;]*m", shown[1])).replace(" ", "") == shown[0].replace(" ", "")
    for colour, word in (("32", "consistent"), ("2", "unknown"), ("33", "elsewhere")):
        assert f"\x1b[{colour}m{word}\x1b[0m" in shown[1]
    assert "\a" in shown[0], "somebody has to look now"
