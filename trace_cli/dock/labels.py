"""Labels: a symbol is made, read back by a reader of its own, and given out only when it says the same bytes."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode
from trace_cli.formats.barcode import Symbol, qr_symbol

Kind = Literal["qr", "datamatrix", "gs1-128"]
KINDS: Final = get_args(Kind)
GS1_IDENTIFIERS: Final = frozenset({"]C1", "]d2"})
_SCALE: Final = 4
_QUIET: Final = 10


def make_symbol(kind: Kind, content: str, elements: tuple[tuple[str, str], ...]) -> tuple[Symbol, bool]:
    """Make the symbol of an item.

    Args:
        kind: Which symbol.
        content: The URI, for a QR code.
        elements: AIs and values, for the GS1 symbols.

    Returns:
        The symbol, and whether it was read back (a QR code is given out unread where no reader is installed).

    Raises:
        CommandError: It cannot be made, or does not read back to the same bytes.
    """
    if kind == "qr":
        symbol, wanted = qr_symbol(content), content.encode()
        if _reader() is None:
            return symbol, False
    else:
        if not elements:
            raise CommandError(
                ExitCode.REFUSED,
                f"{content} is no GS1 key, and {kind} holds nothing else",
                remedy="take a QR code: --kind qr",
            )
        symbol, wanted = _gs1_symbol(kind, elements), element_string(elements)
    identifier, found = read_back(symbol)
    if found != wanted or (kind != "qr" and identifier not in GS1_IDENTIFIERS):
        raise CommandError(
            ExitCode.REFUSED,
            f"the {kind} symbol does not read back: it should say {wanted!r}, not {found!r}; it was not written",
        )
    return symbol, True


def element_string(elements: tuple[tuple[str, str], ...]) -> bytes:
    """Write what a scanner sends for these elements: a separator after each but the last of variable length."""
    text = ""
    for number, (ai, value) in enumerate(elements):
        ends = ai[:2] in FIXED or number == len(elements) - 1
        text += ai + value + ("" if ends else "\x1d")
    return text.encode()


# GS1 General Specifications figure 7.8.5-2: AIs of predefined length, by their first two digits.
FIXED: Final = frozenset("00 01 02 03 04 11 12 13 14 15 16 17 18 19 20 31 32 33 34 35 36 41".split())


def _gs1_symbol(kind: Kind, elements: tuple[tuple[str, str], ...]) -> Symbol:
    reader = _reader()
    if reader is None:
        raise CommandError(
            ExitCode.FAILURE,
            f"a {kind} symbol needs the extra `labels` (zxing-cpp)",
            remedy="pip install 'trace-ledger[labels]', or take a QR code: --kind qr",
        )
    bracketed = "".join(f"({ai}){value}" for ai, value in elements)
    matrix = kind == "datamatrix"
    sort = reader.BarcodeFormat.DataMatrix if matrix else reader.BarcodeFormat.Code128
    try:
        made = reader.create_barcode(bracketed, sort, gs1=True, **({"force_square": True} if matrix else {}))
    except ValueError as error:
        raise CommandError(ExitCode.REFUSED, f"{bracketed} fits no {kind} symbol: {error}") from None
    image = memoryview(made.to_image(scale=1, add_quiet_zones=False))
    height, width = image.shape or (0, 0)
    rows = ("".join("0" if image[y, x] else "1" for x in range(width)) for y in range(height if matrix else 1))
    return tuple(rows)


def read_back(symbol: Symbol) -> tuple[str, bytes | None]:
    """Read a symbol as a scanner would see it; give its AIM identifier and its bytes, None: it cannot be read."""
    reader = _reader()
    height = _SCALE if len(symbol) > 1 else 40 * _SCALE
    blank = b"\xff" * ((len(symbol[0]) + 2 * _QUIET) * _SCALE)
    side = b"\xff" * (_QUIET * _SCALE)
    dots = {"1": b"\x00" * _SCALE, "0": b"\xff" * _SCALE}
    lines = [side + b"".join(dots[module] for module in row) + side for row in symbol]
    pixels = blank * (_QUIET * _SCALE) + b"".join(line * height for line in lines) + blank * (_QUIET * _SCALE)
    image = memoryview(pixels).cast("B", shape=[len(pixels) // len(blank), len(blank)])
    found = reader.read_barcodes(image)
    return (str(found[0].symbology_identifier), bytes(found[0].bytes)) if len(found) == 1 else ("", None)


def _reader() -> Any:
    """Load the reader; None: it is not installed."""
    try:
        import zxingcpp
    except ImportError:
        return None
    return zxingcpp
