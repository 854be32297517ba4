"""`trace demo`: the whole story on sample data, in one folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trace_cli.context import Site

_ORG, _SITE = "coldchain.example", "network"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    directory: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")] = Path(".demo"),
) -> int:
    """Show what this is: record, verify, trace, forecast, tamper, and be caught. Writes only into one folder.

    \b
    Example:
      trace demo
    """
    from sample_data import sample_path, story
    from trace_cli.context import find_site
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say

    if directory.exists() and any(directory.iterdir()):
        raise CommandError(
            ExitCode.REFUSED, f"{directory} is not empty", remedy=f"rm -r {directory}, or: trace demo OTHER-FOLDER"
        )
    ledger = directory / "ledger"
    # Keys and pins of the demo stay in its folder too, so that nothing of it is left when that is removed.
    os.environ["TRACE_HOME"] = str((directory / "home").absolute())
    here = ["--ledger", str(ledger)]
    item = story.DEMO_ITEM
    with sample_path("cold-chain") as sample:
        _step("1. A ledger is a folder: one SQLite file, one settings file; its key lies elsewhere.")
        _run(["init", str(ledger), "--org", _ORG, "--site", _SITE, "--by", "demo"])
        _step("2. Fourteen months of a produce cold chain come in: farms, a packhouse, a centre, stores.")
        _run(["import", str(sample), *here])
    _step("3. Is it true? Everything is hashed again, up to the signed head.")
    _run(["verify", *here])
    _step(f"4. Where has {item} been? Also while it was in a pallet.")
    _run(["history", item, *here])
    _step("5. What will be sold in the next eight weeks? Forecast from the history that was just verified.")
    _run(["forecast", "--freq", "W", "--horizon", "8", "--top", "3", *here])
    _step("6. Which place chokes?")
    _run(["bottlenecks", "--top", "5", *here])
    _step("7. Somebody edits a copy of the file with an SQLite editor ...")
    copy = directory / "tampered"
    seq = _tamper(find_site(ledger), copy, item)
    say(f"   entry {seq}: another store is written into the sale of {item}")
    say("   ... and is caught:")
    caught = _run(["verify", str(copy / "ledger.db")], expected=ExitCode.NOT_VERIFIED)
    say()
    say("What to type next:")
    trace = _own_name()
    say(f"  export TRACE_HOME={directory / 'home'} TRACE_LEDGER={ledger}")
    say(f"  {trace} history {story.CLONED_SERIAL}        # the same serial number in two stores at once")
    say(f"  {trace} forecast --freq D --horizon 14 --by product,place")
    say(f"  {trace} scan {item} --step inspecting --place STORE-WICHITA")
    say(f"  {trace} decision list                # what was forecast, from which signed head")
    say(f"  {trace} --help")
    return int(ExitCode.OK if caught == ExitCode.NOT_VERIFIED else ExitCode.FAILURE)


def _own_name() -> str:
    """Give the name under which the user reaches this program: plain where the shell finds it so."""
    import sys

    called = sys.argv[0]
    found = shutil.which("trace")
    plain = found is not None and os.path.exists(called) and os.path.samefile(found, called)
    return "trace" if plain or not called.endswith("trace") else called


def _step(text: str) -> None:
    from trace_cli.formats.answer import say

    say()
    say(text)


def _run(arguments: list[str], *, expected: int = 0) -> int:
    """Run one command as if it had been typed, and show what was typed."""
    import shlex

    from trace_cli.app import invoke
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say

    say(f"$ trace {shlex.join(arguments)}")
    code = invoke(arguments)
    if code == ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if code != expected:
        raise CommandError(ExitCode.FAILURE, f"this step ended with exit code {code}, expected {expected}")
    return code


def _tamper(site: Site, folder: Path, item: str) -> int:
    """Change one entry in a copy of the ledger, as an attacker with write access would; give its number."""
    import sqlite_utils

    from ledger.custody.index.lookup import Lookup
    from ledger.custody.item_history import resolve

    with site.proving() as (view, reader):
        lookup = Lookup(view, reader)
        seq = lookup.entries_naming(resolve(lookup, site.codes, item))[-1].seq
    folder.mkdir()
    copy = folder / "ledger.db"
    shutil.copy(site.path, copy)
    database = sqlite_utils.Database(copy)
    with database.conn:
        was = next(database.query("SELECT bytes FROM entry WHERE seq = ?", [seq]))["bytes"]
        database.execute("UPDATE entry SET bytes = ? WHERE seq = ?", [was.replace(b"/STORE-", b"/STQRE-"), seq])
    database.close()
    return seq
