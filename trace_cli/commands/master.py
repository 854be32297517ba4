"""`trace place`, `trace product`, `trace partner`: master data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ledger.chain.counting import counted
from trace_cli import options

if TYPE_CHECKING:
    from ledger.custody.exchange.master_tables import Said

Code = Annotated[str, typer.Argument(help="The code, as events name it: a GS1 key, a code of your own, or a URI.")]
Name = Annotated[str | None, typer.Option("--name", help="What people call it.")]
Address = Annotated[str | None, typer.Option("--address", help="Postal address (private).")]
Latitude = Annotated[str | None, typer.Option("--latitude", help="Degrees north, WGS 84.")]
Longitude = Annotated[str | None, typer.Option("--longitude", help="Degrees east, WGS 84.")]
Contact = Annotated[str | None, typer.Option("--contact", help="Whom to call (private).")]
GcpLength = Annotated[str | None, typer.Option("--gcp-length", help="Digits of the GS1 Company Prefix.")]
Source = Annotated[
    str | None,
    typer.Option("--tlc-source", help="Traceability lot code source: who assigned the lots, and where."),
]
_COLUMNS: Final = ("name", "address", "contact", "unit", "shelf_life", "tolerance", "tlc_source")
_EXAMPLES: Final = {
    "place": ("DOCK-3", '--name "North dock" --contact "Ann, +1 555 0100"'),
    "product": ("9521321123458", '--name "Romaine, chopped" --unit kg --shelf-life 14 --tolerance 2%'),
    "partner": ("smith-farms", '--name "Smith Farms" --contact "Bo, +1 555 0101"'),
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for type_, add in (("place", add_place), ("product", add_product), ("partner", add_partner)):
        group = typer.Typer(
            no_args_is_help=True, help=f"Master data of each {type_}: names and more, shown in every answer."
        )
        code, rest = _EXAMPLES[type_]
        head = f"Record what is known of a {type_}; what is not said stays, an empty text takes it away.\n\n"
        examples = f"\b\nExamples:\n  trace {type_} add {code} {rest}\n  trace {type_} add {code} --contact ''"
        group.command("add", help=head + examples)(add)
        _add_questions(group, type_)
        app.add_typer(group, name=type_)


def add_place(
    code: Code,
    name: Name = None,
    address: Address = None,
    latitude: Latitude = None,
    longitude: Longitude = None,
    contact: Contact = None,
    gcp_length: GcpLength = None,
    tlc_source: Source = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Record what is known of a place."""
    said = {
        "name": name,
        "address": address,
        "latitude": latitude,
        "longitude": longitude,
        "contact": contact,
        "gcp_length": gcp_length,
        "tlc_source": tlc_source,
    }
    return _add("place", code, said, by, ledger, as_json=as_json)


def add_product(
    code: Code,
    name: Name = None,
    unit: Annotated[str | None, typer.Option("--unit", help="UN/ECE Rec 20 code, or like kg.")] = None,
    shelf_life: Annotated[
        str | None, typer.Option("--shelf-life", help="From making to the end of use [days].")
    ] = None,
    tolerance: Annotated[
        str | None, typer.Option("--tolerance", help="How far a mass balance may differ: 0.02 or 2%.")
    ] = None,
    lot_size: Annotated[
        str | None, typer.Option("--lot-size", help="Declared size of a lot; more in one is told [units].")
    ] = None,
    minimum_lot: Annotated[
        str | None, typer.Option("--minimum-lot", help="The least that is ordered [units].")
    ] = None,
    contact: Contact = None,
    gcp_length: GcpLength = None,
    tlc_source: Source = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Record what is known of a product."""
    said = {
        "name": name,
        "unit": unit,
        "shelf_life": shelf_life,
        "tolerance": tolerance,
        "lot_size": lot_size,
        "minimum_lot": minimum_lot,
        "contact": contact,
        "gcp_length": gcp_length,
        "tlc_source": tlc_source,
    }
    return _add("product", code, said, by, ledger, as_json=as_json)


def add_partner(
    code: Code,
    name: Name = None,
    address: Address = None,
    latitude: Latitude = None,
    longitude: Longitude = None,
    contact: Contact = None,
    gcp_length: GcpLength = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Record what is known of a partner."""
    said = {
        "name": name,
        "address": address,
        "latitude": latitude,
        "longitude": longitude,
        "contact": contact,
        "gcp_length": gcp_length,
    }
    return _add("partner", code, said, by, ledger, as_json=as_json)


def _add_questions(group: typer.Typer, type_: str) -> None:
    code = _EXAMPLES[type_][0]

    def list_records(ledger: options.Ledger = None, as_json: options.Json = False) -> int:
        return _list(type_, ledger, as_json=as_json)

    def show(code: Code, ledger: options.Ledger = None, as_json: options.Json = False) -> int:
        return _show(type_, code, ledger, as_json=as_json)

    def import_table(
        file: Annotated[Path, typer.Argument(help="CSV or TSV with a column id, and others named as the fields.")],
        by: options.By = None,
        ledger: options.Ledger = None,
        as_json: options.Json = False,
    ) -> int:
        return _import(type_, file, by, ledger, as_json=as_json)

    group.command(
        "list", help=f"List every {type_} with master data.\n\n\b\nExamples:\n  trace {type_} list --json"
    )(list_records)
    group.command("show", help=f"Show a {type_}, proven first.\n\n\b\nExamples:\n  trace {type_} show {code}")(
        show
    )
    group.command(
        "import",
        help=f"Record a table of master data, all or nothing; empty cells leave what is known as it is.\n\n\b\n"
        f"Examples:\n  trace {type_} import {type_}s.csv\n  trace {type_} import {type_}s.tsv --json",
    )(import_table)


def _add(
    type_: str,
    code: str,
    said: dict[str, str | None],
    by: str | None,
    ledger: Path | None,
    *,
    as_json: bool,
) -> int:
    from ledger.custody.master import read_fields, read_key
    from trace_cli.context import find_site

    site = find_site(ledger)
    uri = read_key(site.codes, type_, code)
    fields = read_fields({name: text for name, text in said.items() if text is not None})
    return _record(type_, [(type_, uri, fields, {})], "typed", by, ledger, as_json=as_json)


def _import(type_: str, file: Path, by: str | None, ledger: Path | None, *, as_json: bool) -> int:
    from ledger.custody.exchange.master_tables import read_table
    from trace_cli.context import find_site
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import note, write_json

    found, problems = read_table(file, type_, find_site(ledger).codes)
    if not problems:
        return _record(type_, found, "piped", by, ledger, as_json=as_json)
    if as_json:
        refused = [
            {"file": one.file, "line": one.line, "field": one.field, "reason": one.reason, "remedy": one.remedy}
            for one in problems
        ]
        write_json({"schema": f"trace.{type_}/1", "recorded": [], "refused": refused})
        return int(ExitCode.REFUSED)
    for one in problems[:10]:
        note(f"REFUSED  {one.file}:{one.line} column {one.field!r}: {one.reason}")
        if one.remedy:
            note(f"           mend: {one.remedy}")
    note(f"Nothing was recorded: {len(problems)} of {len(problems) + len(found)} rows are refused.")
    return int(ExitCode.REFUSED)


def _record(type_: str, said: list[Said], via: str, by: str | None, ledger: Path | None, *, as_json: bool) -> int:
    from trace_cli.context import find_site
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json
    from trace_cli.reports.master import record_new

    site = find_site(ledger)
    with site.recording() as recorder:
        done = record_new(site, recorder, said, by=by, via=via)
    if as_json:
        recorded = [{"seq": seq, "id": body["id"]} for seq, body in done]
        write_json(
            {"schema": f"trace.{type_}/1", "recorded": recorded, "unchanged": len(said) - len(done), "refused": []}
        )
        return int(ExitCode.OK)
    entries = f" (entries {done[0][0]} to {done[-1][0]})" if done else ""
    say(f"OK  {type_}: {len(done):,} recorded{entries}, {len(said) - len(done):,} known already")
    return int(ExitCode.OK)


def _list(type_: str, ledger: Path | None, *, as_json: bool) -> int:
    from ledger.custody.master import MasterData
    from trace_cli.asking import asking
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json
    from trace_cli.formats.table import draw_table
    from trace_cli.reports.entry import tell_index
    from trace_cli.reports.master import record_keys

    with asking(ledger) as asked:
        found = MasterData(asked.lookup).records(type_)
        codes, size = asked.site.codes, asked.lookup.reader.size
    warnings = tell_index(asked.lookup)
    if as_json:
        records = [record_keys(record, codes) for record in found]
        write_json({"schema": f"trace.{type_}/1", "records": records, "warnings": warnings})
        return int(ExitCode.OK)
    rows = [
        (codes.short(record.uri), *(_told(name, record.body.get(name, "")) for name in _COLUMNS), record.seq)
        for record in found
    ]
    if rows:
        say(draw_table((type_, *_COLUMNS, "entry"), rows, right=(len(_COLUMNS) + 1,)))
    say(
        f"{counted(len(rows), 'record')}, each proven against the signed head of "
        f"{counted(size, 'entry')} ({asked.anchor})."
    )
    return int(ExitCode.OK)


def _show(type_: str, code: str, ledger: Path | None, *, as_json: bool) -> int:
    from ledger.custody.master import MasterData, read_key
    from trace_cli.asking import asking
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json
    from trace_cli.reports.entry import tell_index
    from trace_cli.reports.master import record_keys

    with asking(ledger) as asked:
        uri = read_key(asked.site.codes, type_, code)
        record = MasterData(asked.lookup).record(uri)
    warnings = tell_index(asked.lookup)
    if record is None or record.body.get("type") != type_:
        raise CommandError(
            ExitCode.NOT_FOUND,
            f"there is no master data of the {type_} {code!r}",
            remedy=f"trace {type_} add {code} --name NAME",
            answer={"schema": f"trace.{type_}/1", "records": []},
        )
    keys: dict[str, Any] = record_keys(record, asked.site.codes)
    if as_json:
        write_json({"schema": f"trace.{type_}/1", "records": [keys], "warnings": warnings})
        return int(ExitCode.OK)
    for name, value in keys.items():
        say(f"{name:14}{_told(name, value)}")
    return int(ExitCode.OK)


def _told(name: str, value: Any) -> str:
    """Write a field for people."""
    from ledger.custody.unit_symbols import symbol
    from trace_cli.reports.master import value_text

    return symbol(value_text(value)) if name == "unit" else value_text(value)
