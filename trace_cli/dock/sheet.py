"""The sheets that hang at a dock: barcodes of orders, places, operators and numbers, and the calibration label."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from trace_cli.dock.orders import PREFIX
from trace_cli.formats.barcode import Picture, Symbol, page, qr_symbol

# The GS1 DataMatrix of `calibration.ELEMENTS`, 36 modules square, a row as nine hex digits; a test reads it back.
_CALIBRATION: Final = """
    aaaaaaaaa e046e3281 c30fb9e7c dbb1606ff d2fa30974 a7dcf45f9 b51aa895e f3e27438d db713fde6
    fb417abbd dc04ab03e caf5761cd feab2654c 8855e50ab fa7b3aa94 f0927663b c2293f78e fffffffff
    aaaaaaaaa 8d2c6906f ab3531fcc 8771ec70f de183d5be a00162ead c476bf0c2 acd6f22d3 f5ac3c64e
    f61ee002b d71b28756 9c9d7a3b3 d9bc39a82 f67ff0331 abb02a37a 9a567f571 ba6e329c8 fffffffff
"""
_ORDERS: Final = ("UNDO", "DONE", "OK", "LIST")


def calibration_symbol() -> Symbol:
    """Give the symbol of the calibration label."""
    return tuple(f"{int(row, 16):036b}" for row in _CALIBRATION.split())


def order_pictures(places: Sequence[str], operators: Sequence[str], counts: Sequence[int]) -> list[Picture]:
    """Draw the orders of a session."""
    wanted = [(name, name) for name in _ORDERS]
    wanted += [(f"PLACE:{place}", f"place {place}") for place in places]
    wanted += [(f"BY:{operator}", f"operator {operator}") for operator in operators]
    wanted += [(f"COUNT:{count}", f"{count} x") for count in counts]
    return [Picture(qr_symbol(PREFIX + order), (text,)) for order, text in wanted]


def calibration_picture() -> Picture:
    """Draw the calibration label."""
    return Picture(calibration_symbol(), ("trace scanner test",))


def as_html(svg: str, title: str) -> str:
    """Put a drawing on a page that prints."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        "<style>@page{margin:12mm}body{margin:0;font-family:monospace}svg{max-width:100%;height:auto}</style></head>"
        f"<body>{svg}</body></html>\n"
    )


def make_sheet(places: Sequence[str], operators: Sequence[str], counts: Sequence[int]) -> str:
    """Draw the whole sheet as SVG."""
    pictures = [*order_pictures(places, operators, counts), calibration_picture()]
    return page(pictures, columns=3, title="trace: scan an order in a session")
