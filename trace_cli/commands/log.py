"""`trace log`: the newest entries."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

import typer

from trace_cli import options


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("log")(log)


def log(
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=100_000, help="How many.")] = 20,
    start: Annotated[int | None, typer.Option("--start", min=0, help="From this entry on, upward.")] = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """List entries, the newest last; each one is proven first.

    \b
    Examples:
      trace log
      trace log --start 0 -n 5 --json
    """
    from ledger.custody.corrections import find_corrections
    from ledger.custody.facts import Facts, NoEventError, read_facts
    from ledger.custody.index.lookup import Lookup
    from ledger.custody.index.rebuild import row_of
    from trace_cli.context import find_site
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json
    from trace_cli.formats.table import draw_table
    from trace_cli.reports.correction import correction, dispute, remark_on
    from trace_cli.reports.entry import summary, tell_index

    site = find_site(ledger)
    entries: list[dict[str, Any]] = []
    ids: dict[int, Facts] = {}
    with site.proving() as (view, reader):
        first = max(0, reader.size - count) if start is None else start
        for seq in range(first, min(reader.size, first + count)):
            entry = reader.entry(seq)
            what = summary(entry, site.codes)
            head = {"seq": seq, "recorded": entry.rec, "kind": entry.kind, "by": entry.by, "via": entry.via}
            entries.append({**head, "summary": what})
            if row_of(entry) is not None and "errorDeclaration" not in entry.body:
                with suppress(NoEventError):
                    ids[seq] = read_facts(entry.body, seq)
        lookup = Lookup(view, reader)
        corrections = find_corrections(lookup, [facts.event_id for facts in ids.values()])
        for found in entries:
            declaration = disputed = None
            if (facts := ids.get(found["seq"])) is not None:
                declaration = corrections.of(facts, found["via"])
                disputed = corrections.disputing(facts, found["via"])
            found["correction"], found["disputed"] = correction(declaration), correction(disputed)
            if declaration is not None:
                found["summary"] += f" [{remark_on(declaration, False)}]"
            if disputed is not None:
                found["summary"] += f" [{dispute(disputed)}]"
        tell_index(lookup)
        size = reader.size
    if as_json:
        write_json({"schema": "trace.log/1", "size": size, "entries": entries})
        return int(ExitCode.OK)
    rows = [(e["seq"], e["recorded"][:16].replace("T", " "), e["by"], e["via"], e["summary"]) for e in entries]
    say(draw_table(("entry", "recorded (UTC)", "by", "via", "what"), rows, right=(0,)))
    return int(ExitCode.OK)
