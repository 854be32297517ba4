"""`trace label`: the label of an item."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trace_cli import options
from trace_cli.completion import complete_things


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("label")(label)


def label(
    item: Annotated[
        str,
        typer.Argument(
            help="A code, PRODUCT:LOT, an element string in brackets, or a URI.", autocompletion=complete_things
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write (.svg).")],
    kind: Annotated[str, typer.Option("--kind", help="qr, datamatrix or gs1-128.")] = "qr",
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Make the label of an item: a QR code with its URI, a GS1 DataMatrix or a GS1-128.

    The symbol is read back before it is written, and refused when it does not say the same bytes.

    \b
    Examples:
      trace label 952132112345678902 -o pallet.svg --kind gs1-128
      trace label '(01)09521234543213(10)ABC(21)12345' -o box.svg --kind datamatrix
      trace label BASKET-0205 -o basket.svg
    """
    from ledger.custody.gs1.scan import read_scan
    from trace_cli.capture import Circumstances, read_thing
    from trace_cli.context import find_site
    from trace_cli.dock.labels import KINDS, make_symbol
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import note, say, write_file, write_json
    from trace_cli.formats.barcode import Picture, page

    if kind not in KINDS:
        raise CommandError(ExitCode.USAGE, f"--kind is one of {', '.join(KINDS)}, got {kind!r}")
    if output.suffix != ".svg":
        raise CommandError(ExitCode.USAGE, f"a label is drawn as SVG, so name a file.svg, got {output}")
    codes = find_site(ledger).codes
    scan = read_scan(item.encode("utf-8", "surrogateescape"))
    if scan.status != "ok":
        raise CommandError(ExitCode.REFUSED, f"{item!r}: {scan.reason}")
    uri = scan.uri or read_thing(codes, item, Circumstances(step="commissioning"))[0].uri
    elements = scan.elements or read_scan(uri.encode()).elements
    pairs = tuple((one.ai, one.value) for one in elements)
    symbol, checked = make_symbol(kind, uri, pairs)  # type: ignore[arg-type]
    shown = "".join(f"({ai}){value}" for ai, value in pairs) or codes.short(uri)
    write_file(output, page([Picture(symbol, (shown,))]))
    if not checked:
        note("not read back, because the extra `labels` (zxing-cpp) is not installed")
    if as_json:
        answer = {"schema": "trace.label/1", "uri": uri, "kind": kind, "file": str(output), "read_back": checked}
        write_json(answer)
    else:
        say(f"OK  {shown}  {kind}  {output}")
    return int(ExitCode.OK)
