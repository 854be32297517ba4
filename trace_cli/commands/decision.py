"""`trace decision`: what was predicted from what, as the ledger has it."""

from __future__ import annotations

from typing import Annotated

import typer

from trace_cli import options


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Predictions that were recorded.", no_args_is_help=True, rich_markup_mode=None)
    group.command("list")(list_decisions)
    group.command("show")(show)
    group.command("replay")(replay)
    app.add_typer(group, name="decision")


def list_decisions(ledger: options.Ledger = None, as_json: options.Json = False) -> int:
    """List the recorded predictions, each proven against the signed head.

    \b
    Examples:
      trace decision list
      trace decision list --json
    """
    from ledger.chain.reader import AuthenticReader
    from ledger.custody.index.lookup import Lookup
    from trace_cli.context import find_site
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import write_json
    from trace_cli.reports.decision import LIST_SCHEMA, list_row, write_list
    from trace_cli.reports.entry import tell_index

    site = find_site(ledger)
    policy = site.believed_policy()
    with site.reading() as (view, pin):
        reader = AuthenticReader(view, origin=site.origin, policy=policy, pin=pin, key_seqs=site.key_seqs(view))
        lookup = Lookup(view, reader)
        rows = [list_row(entry) for entry in lookup.entries_of_kind("decision")]
    tell_index(lookup)
    if as_json:
        write_json({"schema": LIST_SCHEMA, "decisions": rows})
    else:
        write_list(rows)
    return int(ExitCode.OK)


def show(
    seq: Annotated[int, typer.Argument(help="Number of the entry.")],
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Show what a prediction rested on: checkpoint, filter, data, model, parameters, versions, result.

    \b
    Examples:
      trace decision show 11504
      trace decision show 11504 --json
    """
    from ledger.chain.reader import AuthenticReader
    from trace_cli.context import find_site
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import write_json
    from trace_cli.reports.decision import SCHEMA, plain, write_decision

    site = find_site(ledger)
    policy = site.believed_policy()
    with site.reading() as (view, pin):
        reader = AuthenticReader(view, origin=site.origin, policy=policy, pin=pin, key_seqs=site.key_seqs(view))
        if not 0 <= seq < reader.size:
            raise CommandError(
                ExitCode.NOT_FOUND,
                f"there is no entry {seq}: the ledger has entries 0 to {reader.size - 1}",
                remedy="trace decision list",
            )
        entry = reader.entry(seq)
    if entry.kind != "decision":
        raise CommandError(
            ExitCode.NOT_FOUND,
            f"entry {seq} is of kind {entry.kind}, not a decision",
            remedy="trace decision list",
        )
    answer = {
        "schema": SCHEMA,
        "seq": entry.seq,
        "recorded": entry.rec,
        "by": entry.by,
        "body": plain(entry.body),
    }
    if as_json:
        write_json(answer)
    else:
        write_decision(answer)
    return int(ExitCode.OK)


def replay(
    seq: Annotated[int, typer.Argument(help="Number of the entry.")],
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="Processes to run in; the answer is the same.")
    ] = 1,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Repeat a prediction and say whether it comes out the same.

    The history is verified and read at the size that the decision states, and the run is made again with its
    parameters and seed. The answer is same, within tolerance, or different (exit 1) and by how much. A history
    that does not hold is refused (exit 3), a model file that nobody registered too (exit 5).

    \b
    Examples:
      trace decision replay 11504
      trace decision replay 11504 --json --workers 2
    """
    from trace_cli.context import find_site
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import write_json
    from trace_cli.progress import Progress
    from trace_cli.replay import SCHEMA, open_decision, replay_decision
    from trace_cli.replay import workers as start_workers
    from trace_cli.reports.decision import write_replay

    site = find_site(ledger)
    with Progress("verifying", quiet=as_json) as progress:
        decided = open_decision(site, seq, schema=SCHEMA, progress=progress)
        progress.say("repeating the run")
        with start_workers(workers) as executor:
            answer = replay_decision(decided, executor)
    if as_json:
        write_json(answer)
    else:
        write_replay(answer)
    return int(ExitCode.FAILURE if answer["outcome"] == "different" else ExitCode.OK)
