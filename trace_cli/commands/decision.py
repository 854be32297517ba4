"""`trace decision`: what was predicted from what, as the ledger has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trace_cli import options

if TYPE_CHECKING:
    from ledger.chain.checkpoint import Checkpoint
    from ledger.chain.entry import Entry
    from trace_cli.context import Site


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Predictions that were recorded.", no_args_is_help=True, rich_markup_mode=None)
    group.command("list")(list_decisions)
    group.command("show")(show)
    group.command("replay")(replay)
    group.command("score")(score)
    group.command("export")(export)
    app.add_typer(group, name="decision")


def list_decisions(ledger: options.Ledger = None, as_json: options.Json = False) -> int:
    """List the recorded predictions, each proven against the signed head.

    \b
    Examples:
      trace decision list
      trace decision list --json
    """
    from ledger.custody.index.lookup import Lookup
    from trace_cli.context import find_site
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import write_json
    from trace_cli.reports.decision import LIST_SCHEMA, list_row, write_list
    from trace_cli.reports.entry import tell_index

    site = find_site(ledger)
    with site.proving() as (view, reader):
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

    Results that follow from private values stand in the log as commitments; the values are shown where they are
    held, and never exported.

    \b
    Examples:
      trace decision show 11504
      trace decision show 11504 --json
    """
    from trace_cli.context import find_site
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import write_json
    from trace_cli.reports.decision import SCHEMA, plain, write_decision

    entry, proven = _proven(find_site(ledger), seq)
    answer = {
        "schema": SCHEMA,
        "seq": entry.seq,
        "recorded": entry.rec,
        "by": entry.by,
        "body": plain(proven.revealed),
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
    from trace_cli.decided import open_decision
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import write_json
    from trace_cli.progress import Progress
    from trace_cli.replay import SCHEMA, replay_decision
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


def score(
    seq: Annotated[int, typer.Argument(help="Number of the entry.")],
    as_of: options.AsOf = None,
    no_record: options.NoRecord = False,
    top: options.Top = 10,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Tell how good a forecast of demand was, now that what it forecast has come.

    Only periods that are complete are scored: MASE beside that of the seasonal naive forecast, pinball loss,
    coverage of the outer quantiles, bias. The score is recorded as a decision that refers to the first, so that it
    can be repeated too.

    \b
    Examples:
      trace decision score 11504
      trace decision score 11504 --as-of 2026-04-01 --no-record --json
    """
    from trace_cli.context import find_site
    from trace_cli.decided import open_decision
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import write_json
    from trace_cli.prediction import read_as_of, record_decision
    from trace_cli.progress import Progress
    from trace_cli.reports.decision import write_score
    from trace_cli.scoring import SCHEMA, describe_score, score_answer, score_decision

    moment = read_as_of(as_of)
    site = find_site(ledger)
    with Progress("verifying", quiet=as_json) as progress:
        decided = open_decision(site, seq, schema=SCHEMA, progress=progress)
        progress.say("comparing with what came")
        now, found = score_decision(decided, moment)
    answer = {
        **score_answer(decided, now, found),
        "decision_seq": record_decision(now, lambda: describe_score(decided, now, found), wanted=not no_record),
    }
    if as_json:
        write_json({**answer, "series": answer["series"][:top]})
    else:
        write_score(answer, site.codes, top=top)
    return int(ExitCode.OK)


def export(
    seq: Annotated[int, typer.Argument(help="Number of the entry.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
    dsse: Annotated[
        bool, typer.Option("--dsse", help="An in-toto statement in a DSSE envelope, signed with the site's key.")
    ] = False,
    card: Annotated[bool, typer.Option("--model-card", help="A model card in Markdown.")] = False,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Write a prediction for others: signed for programs, or as a model card for people.

    \b
    Examples:
      trace decision export 11504 --dsse -o forecast.intoto.json
      trace decision export 11504 --model-card -o forecast.md
    """
    from ledger.chain.dsse import STATEMENT_TYPE, sign_envelope
    from ledger.chain.keys import load_key
    from trace_cli.context import ask, find_site
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_file, write_json
    from trace_cli.reports.decision_export import model_card, statement

    if dsse == card:
        raise CommandError(
            ExitCode.USAGE,
            "expected one of --dsse and --model-card",
            remedy=f"trace decision export {seq} --dsse -o decision-{seq}.intoto.json",
        )
    site = find_site(ledger)
    entry, proven = _proven(site, seq)
    if dsse:
        payload = statement(entry, proven.leaf, proven.head).encode()
        write_file(output, sign_envelope(load_key(site.home, site.origin, ask), STATEMENT_TYPE, payload))
    else:
        write_file(output, model_card(entry, proven.head))
    form = "dsse" if dsse else "model-card"
    if as_json:
        write_json({"schema": "trace.decision-export/1", "seq": seq, "form": form, "file": str(output)})
    else:
        say(f"Written to {output}: decision {seq} as {'a signed in-toto statement' if dsse else 'a model card'}")
    return int(ExitCode.OK)


@dataclass(frozen=True)
class _Proven:
    """Under which signed head an entry was proven, its leaf hash, and what it says with what is private."""

    head: Checkpoint
    leaf: bytes
    revealed: Any


def _proven(site: Site, seq: int) -> tuple[Entry, _Proven]:
    """Read a decision, proven against the signed head.

    Raises:
        CommandError: There is no such entry, or it is no decision.
    """
    from ledger.chain.hashing import leaf_hash
    from ledger.custody.privacy import reveal
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    with site.proving() as (view, reader):
        if not 0 <= seq < reader.size:
            raise CommandError(
                ExitCode.NOT_FOUND,
                f"there is no entry {seq}: the ledger has entries 0 to {reader.size - 1}",
                remedy="trace decision list",
            )
        entry = reader.entry(seq)
        proven = _Proven(reader.head, leaf_hash(reader.proven_bytes(seq)), reveal(entry.body, view))
    if entry.kind != "decision":
        raise CommandError(
            ExitCode.NOT_FOUND,
            f"entry {seq} is of kind {entry.kind}, not a decision",
            remedy="trace decision list",
        )
    return entry, proven
