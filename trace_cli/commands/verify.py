"""`trace verify`: is this history true, and what does that rest on?"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trace_cli import options

if TYPE_CHECKING:
    from ledger.chain.verdict import Verdict


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


def verify(
    file: Annotated[
        Path | None, typer.Argument(help="A ledger file or a receipt (default: the ledger here).")
    ] = None,
    key: Annotated[str | None, typer.Option("--key", help="Believe this verifier key, and no other.")] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="Believe the keys of this tlog-policy file.")
    ] = None,
    _full: Annotated[
        bool, typer.Option("--full", help="Re-hash everything; that is what it does anyway.")
    ] = False,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Re-hash everything and say what the verdict rests on. It writes nothing to the ledger.

    FILE may be a ledger, or a receipt that `trace prove` wrote; it sees which.

    \b
    Examples:
      trace verify
      trace verify copy/ledger.db
      trace verify delivery.tlog-proof
      trace verify partner.db --key partner.example/dc1+1f2e3d4c+AbC...
    """
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import write_json
    from trace_cli.reports.receipt import is_receipt, verify_receipt, write_receipt
    from trace_cli.reports.verdict import verdict_answer, write_verdict

    begun = time.monotonic()
    path, home, expected = _target(file, ledger)
    if is_receipt(path):
        answer = {
            **verify_receipt(path, home, key=key, policy=policy),
            "seconds": round(time.monotonic() - begun, 3),
        }
        if as_json:
            write_json(answer)
        else:
            write_receipt(answer, path)
        return int(ExitCode.OK if answer["verdict"] == "ok" else ExitCode.NOT_VERIFIED)
    verdict = _verify_ledger(path, home, expected, key, policy, quiet=as_json)
    if as_json:
        write_json(verdict_answer(verdict, seconds=time.monotonic() - begun))
    else:
        write_verdict(verdict, path)
    if verdict.word == "ok":
        return int(ExitCode.OK)
    return int(ExitCode.UNAVAILABLE if verdict.word == "corrupt" else ExitCode.NOT_VERIFIED)


def _verify_ledger(
    path: Path, home: Path, origin: str | None, key: str | None, policy: Path | None, *, quiet: bool
) -> Verdict:
    from ledger.chain.pins import save_pin
    from ledger.chain.storage.sqlite import SqliteStorage
    from trace_cli.progress import Progress
    from trace_cli.trust import judge

    storage = SqliteStorage(path, writable=False)
    try:
        with Progress("verifying", quiet=quiet) as progress:
            verdict = judge(storage, home, origin, key=key, policy=policy, progress=progress.step)
    finally:
        storage.close()
    if verdict.word == "ok" and verdict.signed is not None and key is None and policy is None:
        save_pin(home, verdict.signed)
    return verdict


def _target(file: Path | None, ledger: Path | None) -> tuple[Path, Path, str | None]:
    import os

    from ledger.chain.home import find_home
    from trace_cli.context import find_site

    if file is None:
        site = find_site(ledger)
        return site.path, site.home, site.origin
    return file / "ledger.db" if file.is_dir() else file, find_home(os.environ), None
