"""`trace balance`: mass balance of a lot, and of every transformation that it came from or went into."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trace_cli import options
from trace_cli.completion import complete_things


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("balance")(balance)


def balance(
    lot: Annotated[str, typer.Argument(help="PRODUCT:LOT, a code, or a URI.", autocompletion=complete_things)],
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Add up what was made of a lot against where it went, and inputs against outputs of its transformations.

    Units of one dimension are converted (UN/ECE Rec 20). What is counted on one side and weighed on the other
    cannot be compared, and is shown so.

    \b
    Examples:
      trace balance 9521234000037:P26030-MIX
      trace balance 9521234000037:P26030-MIX --json
    """
    from ledger.custody.codes import product_of
    from ledger.custody.master import MasterData, named
    from ledger.custody.provenance.answer import make_answer
    from ledger.custody.provenance.graph import trace
    from ledger.custody.provenance.lot_balance import lot_balance
    from trace_cli.asking import asking
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json
    from trace_cli.formats.table import draw_table
    from trace_cli.reports.provenance import amount, balance_keys, gap_keys, gap_lines, number

    with asking(ledger) as asked:
        uri = asked.find(lot, "trace.balance/1")
        forward = trace(asked.lookup, uri, "forward")
        master = MasterData(asked.lookup)
        behind = make_answer(trace(asked.lookup, uri, "back"), master.tolerance, master.unit)
        onward = make_answer(forward, master.tolerance, master.unit)
        own = lot_balance(forward, uri, unit_of=master.unit, size_of=master.lot_size)
        names = master.names(node.uri for answer in (behind, onward) for node in answer.nodes)
        size_unit = master.unit(product_of(uri))
    warnings = asked.warnings(forward.elsewhere)
    near = {link.seq for answer in (behind, onward) for link in answer.links if uri in (link.source, link.target)}
    lines = sorted(
        {line for answer in (behind, onward) for line in answer.balance if near & set(line.seqs)},
        key=lambda line: (line.seq, line.unit or ""),
    )
    found_gaps = (gap for answer in (behind, onward) for gap in answer.gaps)
    gaps = list(dict.fromkeys(gap for gap in found_gaps if gap.kind == "out_of_nothing"))
    if as_json:
        found: dict[str, Any] = {name: number(value) for name, value in own.sums.items()}
        write_json(
            {
                "schema": "trace.balance/1",
                "item": uri,
                "lot": {
                    **found,
                    "unit": own.unit,
                    "difference": number(own.difference),
                    "declared": number(own.declared),
                    "over_allocated": number(own.excess),
                    "declared_unit": size_unit if own.declared is not None else None,
                },
                "balance": [balance_keys(line) for line in lines],
                "gaps": [gap_keys(gap) for gap in gaps],
                "names": names,
                "verdict": asked.verdict(len(forward.source.records), forward.elsewhere),
                "warnings": warnings,
            }
        )
        return int(ExitCode.OK)
    codes = named(asked.site.codes, names)
    say(codes.short(uri))
    for name, value in own.sums.items():
        say(f"  {name.replace('_', ' '):12} {amount(value, own.unit) or 'unknown'}")
    say(f"  {'difference':12} {amount(own.difference, own.unit) or 'unknown'}")
    if own.declared is not None:
        say(f"  {'declared':12} {amount(own.declared, size_unit)}")
    if own.excess is not None:
        more = amount(own.excess, size_unit)
        say(f"  OVER-ALLOCATED: {more} more than a lot of this product is declared to have")
    rows = [
        (
            line.seq,
            amount(line.inputs, line.unit) or "-",
            amount(line.outputs, line.unit) or "-",
            amount(line.difference, line.unit) or "not comparable",
            {True: "ok", False: "BEYOND", None: ""}[line.within],
        )
        for line in lines
    ]
    if rows:
        say(draw_table(("transformation", "in", "out", "difference", "verdict"), rows, right=(0, 1, 2, 3)))
    for text in gap_lines(tuple(gaps), codes):
        say(text)
    return int(ExitCode.OK)
