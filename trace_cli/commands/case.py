"""`trace case`: the cases that were opened, and what became of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from trace_cli import options

LIST_SCHEMA: Final = "trace.case.list/1"
SCHEMA: Final = "trace.case/1"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="What is suspect, and what became of it.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("list")(list_cases)
    group.command("show")(show)
    app.add_typer(group, name="case")


def list_cases(
    everything: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """List the open cases, each entry proven against the signed head.

    \b
    Examples:
      trace case list
      trace case list --all --json
    """
    from trace_cli.asking import asking
    from trace_cli.cases import find_cases
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import write_json
    from trace_cli.reports.case import case_answer, write_list
    from trace_cli.reports.entry import tell_index

    with asking(ledger) as found:
        cases = find_cases(found.lookup)
        tell_index(found.lookup)
    shown = [case_answer(case) for case in cases.values() if everything or case.state == "open"]
    if as_json:
        write_json({"schema": LIST_SCHEMA, "cases": shown})
    else:
        write_list(shown, found.site.codes, closed=0 if everything else len(cases) - len(shown))
    return int(ExitCode.OK)


def show(
    number: Annotated[int, typer.Argument(metavar="CASE", min=0, help="Number of the case.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it to a file: .html to hand out, or .json.")
    ] = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Show one case: the thing, its history, why it was suspect, what was decided, and its evidence.

    \b
    Examples:
      trace case show 57
      trace case show 57 -o case-57.html
    """
    from ledger.custody.item_history import item_history
    from ledger.custody.provenance.held import holding_events
    from trace_cli.asking import asking
    from trace_cli.cases import evidence_file, evidence_state, find_cases
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, to_json, write_file, write_json
    from trace_cli.reports.case import case_answer, case_page, event_answers, write_case
    from trace_cli.reports.entry import tell_index

    if output is not None and output.suffix.lower() not in (".html", ".json"):
        raise CommandError(
            ExitCode.USAGE,
            f"--output {output}: expected a file that ends in .html or .json",
            remedy=f"-o case-{number}.html",
        )
    with asking(ledger) as found:
        site, size = found.site, found.lookup.reader.size
        case = find_cases(found.lookup).get(number)
        if case is None:
            raise CommandError(
                ExitCode.NOT_FOUND,
                f"there is no case {number}",
                remedy="trace case list --all",
                answer={"schema": SCHEMA, "case": number},
            )
        history = event_answers(item_history(found.lookup, case.item))
        standing = holding_events(found.lookup, case.item)
        tell_index(found.lookup)
    file = None if case.evidence is None else str(evidence_file(site, case.evidence))
    answer = {
        "schema": SCHEMA,
        **case_answer(case),
        "held": dict(sorted(standing.items())),
        "evidence": {"file": file, "sha256": case.evidence, "state": evidence_state(site, case)},
        "history": history,
        "proven": {"origin": site.origin, "size": size, "anchor": found.anchor},
    }
    if output is not None:
        page = output.suffix.lower() == ".html"
        write_file(output, case_page(answer, site.codes) if page else to_json(answer) + "\n")
    if as_json:
        write_json(answer)
        return int(ExitCode.OK)
    write_case(answer, site.codes)
    if output is not None:
        say(f"Written to {output}")
    return int(ExitCode.OK)
