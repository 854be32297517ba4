"""`trace fsma plan`: the traceability plan of 21 CFR 1.1315."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trace_cli import options

if TYPE_CHECKING:
    from ledger.custody.fsma.plan import PlanFacts
    from ledger.custody.fsma.sheets import Workbook
    from trace_cli.context import Site

_PACKED = {"initial_packing": "location", "first_land_based_receiving": "location", "transformation": "location"}


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="The food traceability rule (FSMA 204); see also: export fsma.")
    group.callback()(_group)
    group.command("plan")(plan)
    app.add_typer(group, name="fsma")


def _group() -> None:
    """Keep this a group, although it has one command."""


def plan(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="FILE.md or FILE.txt (default: standard output).")
    ] = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Write the traceability plan of 21 CFR 1.1315, from the ledger and its settings; what is open is named.

    \b
    Examples:
      trace fsma plan -o plan.md
      trace fsma plan --json
    """
    from ledger.custody.fsma.plan import write_plan
    from ledger.custody.fsma.sheets import Scope
    from trace_cli.context import find_site
    from trace_cli.exit_codes import ExitCode
    from trace_cli.food import read_workbook
    from trace_cli.formats.answer import note, say, write_file, write_json

    site = find_site(ledger)
    book, head = read_workbook(site, Scope())
    text, gaps = write_plan(_facts(site, book, int(head["size"])))
    if output is not None:
        write_file(output, text)
    if as_json:
        open_points = [{"what": what, "section": section} for what, section in gaps]
        answer = {"schema": "trace.fsma.plan/1", "file": str(output) if output else None, "open": open_points}
        write_json(answer if output else {**answer, "plan": text})
        return int(ExitCode.OK)
    if output is None:
        say(text.rstrip("\n"))
    else:
        say(f"Traceability plan of {site.origin}: {output}")
    for what, section in gaps:
        note(f"open ({section}): {what}")
    return int(ExitCode.OK)


def _facts(site: Site, book: Workbook, size: int) -> PlanFacts:
    from ledger.custody.fsma.elements import TRACKING_EVENTS
    from ledger.custody.fsma.plan import PlanFacts
    from trace_cli.context import now

    settings = site.settings.table.get("fsma", {})
    assigned: dict[str, list[str]] = {}
    for key, place in _PACKED.items():
        elements = [element.key for element in TRACKING_EVENTS[key].elements]
        at, code = elements.index(place) + 2, elements.index("tlc") + 2
        for row in book.events[key].rows:
            if row[at] and row[code] and row[code] not in (codes := assigned.setdefault(row[at], [])):
                codes.append(row[code])
    harvest = [element.key for element in TRACKING_EVENTS["harvesting"].elements]
    field, farm = harvest.index("field") + 2, harvest.index("farm") + 2
    fields = {(str(row[field]), str(row[farm] or "")) for row in book.events["harvesting"].rows if row[field]}
    texts = {name: str(settings.get(name, "")) for name in ("records", "foods", "lot_codes", "contact", "phone")}
    return PlanFacts(
        origin=site.origin,
        day=f"{now():%Y-%m-%d}",
        size=size,
        keys=[str(key) for key in site.believed_policy().keys],
        tracking={sheet.title: len(sheet.rows) for sheet in book.events.values()},
        products=[(row[0], ", ".join(filter(None, row[1:4])) or "not described") for row in book.products.rows],
        assigned=[(place, len(codes), codes[-1]) for place, codes in sorted(assigned.items())],
        farms=sorted(fields),
        map_file=str(settings.get("map", "")),
        **texts,
    )
