# SPDX-License-Identifier: Apache-2.0
"""Every label reads back to the bytes that it should say, also from the SVG as written; else there is none."""

import re

import pytest

from trace_cli.dock import labels
from trace_cli.dock.calibration import FIRST, SECOND
from trace_cli.dock.labels import KINDS, element_string, make_symbol, read_back
from trace_cli.dock.orders import PREFIX
from trace_cli.dock.sheet import calibration_symbol, make_sheet, order_pictures
from trace_cli.errors import CommandError
from trace_cli.formats.barcode import Picture, draw, page, qr_symbol

BOX = (("01", "09521234543213"), ("10", "ABC-1/2"), ("21", "12345"))
BAR = re.compile(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+z")


def modules_of(svg, columns, rows, module=3):
    """Reads the modules back from the bars of a drawing."""
    bars = [tuple(map(int, match)) for match in BAR.findall(svg)]
    left, top = (10, 10) if rows == 1 else (4, 4)
    grid = [["0"] * columns for _ in range(rows)]
    for x, y, width, _ in bars:
        for step in range(width // module):
            grid[y // module - top if rows > 1 else 0][x // module - left + step] = "1"
    return tuple("".join(row) for row in grid)


@pytest.mark.parametrize(
    ("kind", "elements", "wanted"),
    [
        ("datamatrix", BOX, b"010952123454321310ABC-1/2\x1d2112345"),
        ("gs1-128", BOX, b"010952123454321310ABC-1/2\x1d2112345"),
        ("gs1-128", (("00", "952132112345678902"),), b"00952132112345678902"),
        ("datamatrix", (("21", "x"), ("17", "291231"), ("10", "L")), b"21x\x1d1729123110L"),
        ("qr", (), b"https://id.gs1.org/01/09521234543213/10/ABC"),
    ],
)
def test_made_drawn_and_read_back(kind, elements, wanted):
    symbol, checked = make_symbol(kind, "https://id.gs1.org/01/09521234543213/10/ABC", elements)
    assert checked
    svg = page([Picture(symbol, ("text",))])
    drawn = modules_of(svg, len(symbol[0]), len(symbol))
    assert drawn == symbol
    identifier, found = read_back(drawn)
    assert found == wanted
    assert kind == "qr" or identifier in ("]C1", "]d2")
    assert "http://" not in svg.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert ">text</text>" in svg


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_read_back_is_refused(kind, monkeypatch):
    """The printer of modules goes wrong in one place: the label must not be given out."""

    def torn(make):
        def made(*arguments):
            symbol = make(*arguments)
            return tuple("1" * len(row) for row in symbol)

        return made

    monkeypatch.setattr(labels, "_gs1_symbol", torn(labels._gs1_symbol))
    monkeypatch.setattr(labels, "qr_symbol", torn(labels.qr_symbol))
    with pytest.raises(CommandError, match="does not read back"):
        make_symbol(kind, "https://acme.example/obj/A", BOX)


def test_another_code_than_was_asked_for_is_refused(monkeypatch):
    other = labels._gs1_symbol("gs1-128", (("00", "952132112345678919"),))
    monkeypatch.setattr(labels, "_gs1_symbol", lambda *_: other)
    with pytest.raises(CommandError, match="does not read back"):
        make_symbol("gs1-128", "", (("00", "952132112345678902"),))


@pytest.mark.parametrize("elements", [(), (("10", "a" * 21),), (("10", "é"),), (("10", "a(21)b"),)])
def test_what_no_gs1_symbol_can_hold(elements):
    with pytest.raises(CommandError):
        make_symbol("datamatrix", "https://acme.example/obj/A", elements)


def test_without_a_reader(monkeypatch):
    monkeypatch.setattr(labels, "_reader", lambda: None)
    assert make_symbol("qr", "https://acme.example/obj/A", ()) == (qr_symbol("https://acme.example/obj/A"), False)
    with pytest.raises(CommandError, match="extra"):
        make_symbol("datamatrix", "", BOX)


def test_the_calibration_label_says_what_it_must():
    assert read_back(calibration_symbol()) == ("]d2", f"{FIRST}\x1d{SECOND}".encode())


def test_every_order_of_the_sheet_reads_back():
    pictures = order_pictures(["DOCK-3", "CAFÉ"], ["jo"], [5])
    texts = [read_back(picture.symbol)[1].decode() for picture in pictures]
    wanted = ["UNDO", "DONE", "OK", "LIST", "PLACE:DOCK-3", "PLACE:CAFÉ", "BY:jo", "COUNT:5"]
    assert texts == [PREFIX + order for order in wanted]
    svg = make_sheet(["<b>&"], [], [2])
    assert "&lt;b&gt;&amp;" in svg


def test_a_drawing_has_room_for_its_quiet_zone():
    _, width, _ = draw(Picture(("101",), ()))
    assert width == (3 + 20) * 3
    assert element_string((("10", "A"), ("01", "09521234543213"), ("21", "B"))) == b"10A\x1d010952123454321321B"
