"""`trace verify`: is this history true, and what does that rest on?"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trace_cli import options

if TYPE_CHECKING:
    from trace_cli.trust import Examined


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


def verify(
    file: Annotated[
        Path | None,
        typer.Argument(help="A ledger file, a receipt, a bundle or a passport (default: the ledger here)."),
    ] = None,
    key: Annotated[str | None, typer.Option("--key", help="Believe this verifier key, and no other.")] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="Believe the keys of this tlog-policy file.")
    ] = None,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Verify what is new since the pin, and today's part of the old."),
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Re-hash everything; that is what it does anyway.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Also ask that every entry is in canonical form; slower.")
    ] = False,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against", help="Compare with somebody else's copy of the ledger, receipt or signed checkpoint."
        ),
    ] = None,
    accept_epoch: Annotated[
        bool,
        typer.Option("--accept-epoch", help="Go on from a new epoch that gives up what was seen here."),
    ] = False,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Re-hash everything and say what the verdict rests on. It writes nothing to the ledger.

    FILE may be a ledger, a receipt or bundle that `trace prove` wrote, or a passport; it sees which. A ledger that
    contradicts what was seen before, or what a partner holds, leaves both signed checkpoints in an .evidence file
    here.

    \b
    Examples:
      trace verify
      trace verify --quick
      trace verify --against partner/ledger.db
      trace verify copy/ledger.db
      trace verify delivery.tlog-proof
      trace verify basket.bundle
      trace verify --accept-epoch
      trace verify partner.db --key partner.example/dc1+1f2e3d4c+AbC...
    """
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import write_json
    from trace_cli.reports.examined import examined_answer, write_examined

    if accept_epoch and (file is not None or quick or against or key or policy):
        raise CommandError(ExitCode.USAGE, "--accept-epoch goes with a full verification of the ledger here")
    if quick and (full or strict):
        raise CommandError(ExitCode.USAGE, f"give either --quick or {'--full' if full else '--strict'}")
    begun = time.monotonic()
    path, home, expected = _target(file, ledger)
    if (proven := _verify_evidence(path, home, key, policy, against, begun)) is not None:
        answer, tell = proven
        if as_json:
            write_json(answer)
        else:
            tell(answer, path)
        return int(ExitCode.OK if answer["verdict"] == "ok" else ExitCode.NOT_VERIFIED)
    if accept_epoch:
        from trace_cli.recovery import accept_epoch as accept

        accept(ledger)
    examined = _examine(
        path, home, expected, key, policy, quick=quick, strict=strict, against=against, quiet=as_json
    )
    evidence = _write_evidence(examined)
    if as_json:
        write_json(examined_answer(examined, evidence, seconds=time.monotonic() - begun))
    else:
        write_examined(examined, evidence, path)
    verdict = examined.verdict
    if verdict.word == "ok":
        return int(ExitCode.OK)
    return int(ExitCode.UNAVAILABLE if verdict.word == "corrupt" else ExitCode.NOT_VERIFIED)


def _verify_evidence(
    path: Path, home: Path, key: str | None, policy: Path | None, against: Path | None, begun: float
) -> tuple[dict[str, Any], Callable[[dict[str, Any], Path], None]] | None:
    """Check a file that needs no ledger, and say how its answer is told; None: it is none of these."""
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.reports.bundle import bundle_kind, verify_bundle, write_bundle_verdict
    from trace_cli.reports.receipt import is_receipt, verify_receipt, write_receipt

    what = "receipt" if is_receipt(path) else bundle_kind(path)
    if what is None:
        return None
    if against is not None:
        raise CommandError(
            ExitCode.USAGE,
            f"--against compares a ledger, and FILE is a {what}",
            remedy=f"trace verify LEDGER --against {path}",
        )
    if what == "receipt":
        answer, tell = verify_receipt(path, home, key=key, policy=policy), write_receipt
    else:
        answer, tell = verify_bundle(path, home, what=what, key=key, policy=policy), write_bundle_verdict
    return {**answer, "seconds": round(time.monotonic() - begun, 3)}, tell


def _examine(
    path: Path,
    home: Path,
    origin: str | None,
    key: str | None,
    policy: Path | None,
    *,
    quick: bool,
    strict: bool,
    against: Path | None,
    quiet: bool,
) -> Examined:
    from dataclasses import replace

    from ledger.chain.form import judge_form
    from ledger.chain.storage.sqlite import SqliteStorage
    from trace_cli.context import now
    from trace_cli.progress import Progress
    from trace_cli.reports.theirs import open_theirs
    from trace_cli.trust import examine, remember

    storage = SqliteStorage(path, writable=False)
    try:
        with (
            open_theirs(against) if against is not None else nullcontext() as theirs,
            Progress("verifying", quiet=quiet) as progress,
        ):
            examined = examine(
                storage,
                home,
                origin,
                key=key,
                policy=policy,
                quick_on=now().toordinal() if quick else None,
                theirs=theirs,
                progress=progress.step,
            )
            if strict and examined.verdict.word == "ok":
                with storage.snapshot() as view:
                    examined = replace(examined, verdict=judge_form(view, examined.verdict, progress.step))
    finally:
        storage.close()
    if key is None and policy is None:
        remember(home, examined.verdict)
    return examined


def _write_evidence(examined: Examined) -> Path | None:
    """Keep the two heads that contradict each other; a folder that cannot be written takes no verdict back."""
    from ledger.chain.evidence import write_evidence
    from trace_cli.formats.answer import note

    found, known = examined.verdict.signed, examined.contradicted
    if known is None or found is None:
        return None
    try:
        return write_evidence(Path(), examined.verdict.word, known, found)
    except OSError as error:
        note(f"trace: the evidence cannot be written here: {error}")
        return None


def _target(file: Path | None, ledger: Path | None) -> tuple[Path, Path, str | None]:
    import os

    from ledger.chain.home import find_home
    from trace_cli.context import find_site
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.named_files import remedy_for_missing

    if file is None:
        site = find_site(ledger)
        return site.path, site.home, site.origin
    if not os.path.lexists(file):
        raise CommandError(
            ExitCode.UNAVAILABLE, f"there is no file {file} to verify", remedy=remedy_for_missing(file)
        )
    return file / "ledger.db" if file.is_dir() else file, find_home(os.environ), None
