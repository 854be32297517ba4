"""`trace init`: begin a ledger."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from ledger.chain.counting import counted
from trace_cli import options


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init")(init)


def init(
    directory: Annotated[Path, typer.Argument(help="Where (default: here).")] = Path(),
    org: Annotated[str, typer.Option(help="Domain of the organisation, like acme.example.")] = "",
    site: Annotated[str, typer.Option(help="Name of the site, like dc1.")] = "",
    use_key: Annotated[bool, typer.Option("--use-key", help="Use the key of that site that is at hand.")] = False,
    passphrase: Annotated[bool, typer.Option("--passphrase", help="Seal the new key with a passphrase.")] = False,
    hybrid: Annotated[
        bool, typer.Option("--hybrid", help="Sign with Ed25519 and with ML-DSA-44, both required.")
    ] = False,
    by: options.By = None,
    as_json: options.Json = False,
) -> None:
    """Begin a ledger: ledger.db and trace.toml here, its key and trust in $TRACE_HOME.

    \b
    Examples:
      trace init --org acme.example --site dc1
      trace init ~/ledgers/dc1 --org acme.example --site dc1
      trace init --org acme.example --site dc1 --passphrase --hybrid
    """
    from ledger.chain.checkpoint import check_origin
    from ledger.chain.home import find_home
    from ledger.chain.keys import create_key, key_path, load_key
    from ledger.chain.pins import load_pin
    from ledger.chain.policy import create_policy, policy_path
    from ledger.custody.codes import check_domain
    from ledger.custody.privacy import make_policy
    from ledger.custody.recorder import Recorder
    from trace_cli.context import ask, now
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import note, say, write_json
    from trace_cli.key_life import refuse_taken
    from trace_cli.settings import FILE, operator, write_settings

    if not org or not site:
        raise CommandError(
            ExitCode.USAGE,
            "a ledger needs the domain of its organisation and the name of its site",
            remedy="trace init --org acme.example --site dc1",
        )
    origin = check_origin(f"{check_domain(org)}/{site}")
    home = find_home(os.environ)
    folder = directory.absolute()
    for taken in (folder / FILE, folder / "ledger.db"):
        if os.path.lexists(taken):
            raise CommandError(
                ExitCode.REFUSED, f"there is a ledger already: {taken}", remedy=f"trace verify --ledger {folder}"
            )
    if (pin := load_pin(home, origin)) is not None:
        raise CommandError(
            ExitCode.REFUSED,
            f"a ledger of {origin} with {counted(pin.head.size, 'entry')} was seen before; a second one "
            f"would be a fork",
            remedy="find the first one, or choose another site name",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(ExitCode.REFUSED, f"{folder} cannot be made: {error.strerror}") from None
    if use_key and key_path(home, origin).exists():
        key = load_key(home, origin, ask)
    else:
        refuse_taken(home, origin)
        key = create_key(home, origin, hybrid=hybrid, passphrase=_new_passphrase() if passphrase else None)
    if not policy_path(home, origin).exists():
        create_policy(home, origin, *key.verifiers)
    who = operator(by, os.environ, None)
    recorder = Recorder.create(folder / "ledger.db", key, make_policy(), clock=now, home=home, by=who)
    write_settings(folder / FILE, org=org, site=site)
    recorder.log.close()
    if as_json:
        answer = {"schema": "trace.init/1", "origin": origin, "ledger": str(folder / "ledger.db")}
        answer = {**answer, "verifier_key": str(key.verifier), "home": str(home)}
        write_json({**answer, "verifier_keys": [str(verifier) for verifier in key.verifiers]})
        return
    say(f"Ledger of {origin} in {folder}")
    for verifier in key.verifiers:
        say(f"Verifier key, to give to others: {verifier}")
    note(f"The private key is {key_path(home, origin)}; copy it to a safe place.")
    note("Next: trace scan CODE --step receiving --place DOCK-1, or trace import FILE")


def _new_passphrase() -> bytes:
    from trace_cli.passphrase import ask_new

    return ask_new()
