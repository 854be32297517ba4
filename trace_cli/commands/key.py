"""`trace key`: the private keys of this machine's sites, and their life in the log."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trace_cli import options

if TYPE_CHECKING:
    from ledger.chain.keys import KeyFile

Origin = Annotated[str, typer.Argument(help="Which log, like acme.example/dc1.")]
Hybrid = Annotated[bool, typer.Option("--hybrid", help="Sign with Ed25519 and with ML-DSA-44, both required.")]
Passphrase = Annotated[bool, typer.Option("--passphrase", help="Seal the key file with a passphrase.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True,
        help=(
            "Make, list, seal, move, rotate and revoke the keys of this machine's sites.\n\n"
            "A passphrase is asked for at the terminal, or read from --passphrase-file FILE (mode 0600; also "
            "TRACE_PASSPHRASE_FILE) or --passphrase-fd N; these go with every command."
        ),
    )
    group.command("new")(new)
    group.command("list")(list_keys)
    group.command("export")(export)
    group.command("import")(import_file)
    group.command("passphrase")(passphrase)
    group.command("rotate")(rotate)
    group.command("revoke")(revoke)
    app.add_typer(group, name="key")


def new(
    origin: Origin,
    sealed: Passphrase = False,
    hybrid: Hybrid = False,
    agent: Annotated[
        str | None,
        typer.Option("--agent", help="Sign through ssh-agent, with the Ed25519 key of this comment or 'any'."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Make the key of a site that has none, and believe it; trace init --use-key then begins its ledger.

    With --agent the private key stays in the running ssh-agent (or in a token behind it): load one that serves
    nothing else, by ssh-keygen -t ed25519 and ssh-add.

    \b
    Examples:
      trace key new acme.example/dc2
      trace key new acme.example/dc2 --passphrase --hybrid
      trace key new acme.example/dc2 --agent dc2-ledger
    """
    from ledger.chain.checkpoint import check_origin
    from ledger.chain.keys import create_key, key_path, store_key
    from ledger.chain.policy import create_policy, policy_path
    from trace_cli.formats.answer import note, say, write_json
    from trace_cli.key_life import choose_agent_key, refuse_taken
    from trace_cli.passphrase import ask_new

    home = _home()
    refuse_taken(home, check_origin(origin))
    if agent is not None:
        key = store_key(home, choose_agent_key(origin, agent, hybrid=hybrid, sealed=sealed))
    else:
        key = create_key(home, origin, hybrid=hybrid, passphrase=ask_new() if sealed else None)
    if not policy_path(home, origin).exists():
        create_policy(home, origin, *key.verifiers)
    if as_json:
        keys = [str(verifier) for verifier in key.verifiers]
        write_json({"schema": "trace.key.new/1", "origin": origin, "verifier_keys": keys})
        return
    for verifier in key.verifiers:
        say(f"Verifier key, to give to others: {verifier}")
    if agent is not None:
        note("The private key stays in the ssh-agent; keep a copy, or plan for: trace recover --new-key")
    else:
        note(f"The private key is {key_path(home, origin)}; copy it to a safe place.")


def list_keys(as_json: options.Json = False) -> None:
    """List the keys of this machine. No passphrase is needed.

    \b
    Example:
      trace key list
    """
    from ledger.chain.errors import KeyUnavailable, Refused
    from ledger.chain.keys import read_key_file
    from ledger.chain.note import ALGORITHMS
    from trace_cli.formats.answer import say, write_json

    home = _home()
    found: list[dict[str, Any]] = []
    for path in sorted((home / "keys").glob("*/*.key")):
        origin = f"{path.parent.name}/{path.stem.replace('~', '/')}"
        try:
            found.append(_row(read_key_file(home, origin)[0]))
        except (KeyUnavailable, Refused) as error:
            found.append({"origin": origin, "path": str(path), "fault": error.message, "remedy": error.remedy})
    if as_json:
        write_json({"schema": "trace.key.list/1", "home": str(home), "keys": found})
        return
    for row in found:
        if "fault" in row:
            say(f"{row['origin']}  {row['fault']}")
            continue
        names = ", ".join(f"{key['algorithm']} {key['id']}" for key in row["verifier_keys"])
        kept = "in ssh-agent" if row["in_agent"] else "sealed" if row["sealed"] else "plain"
        say(f"{row['origin']}  {names}  {kept}  {row['mode']}")
    if not found:
        say(f"There is no key in {home}; known algorithms: {', '.join(ALGORITHMS.values())}")


def export(
    origin: Origin,
    private: Annotated[bool, typer.Option("--private", help="The key file itself; needs -o.")] = False,
    output: options.Output = None,
) -> None:
    """Write the verifier key of a site, to give to others; with --private the key file, to move it.

    The key file leaves as it lies: sealed if it has a passphrase. A private key in an ssh-agent does not leave.

    \b
    Examples:
      trace key export acme.example/dc1
      trace key export acme.example/dc1 --private -o dc1.key
    """
    from ledger.chain.checkpoint import check_origin
    from ledger.chain.home import create_secret
    from ledger.chain.keys import kept_in_agent, read_key_file
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import note, say, write_file

    file, text = read_key_file(_home(), check_origin(origin))
    lines = [str(key) for key in file.verifiers]
    if not private:
        if output is not None:
            write_file(output, "".join(f"{line}\n" for line in lines))
            return
        for line in lines:
            say(line)
        return
    if file.in_agent:
        raise kept_in_agent(
            origin,
            "there is nothing private to export",
            f"load it into the other machine's ssh-agent, and there: trace key new {origin} --agent COMMENT",
        )
    if output is None:
        raise CommandError(
            ExitCode.USAGE,
            "a private key is never shown",
            remedy=f"trace key export {origin} --private -o FILE",
        )
    try:
        create_secret(output.absolute(), text)
    except FileExistsError:
        raise CommandError(ExitCode.REFUSED, f"{output} is there already", remedy="name another file") from None
    except OSError as error:
        raise CommandError(ExitCode.FAILURE, f"{output} cannot be written: {error.strerror}") from None
    note(f"{output} signs for {origin}{'' if file.sealed else ', and has no passphrase'}: keep it safe.")


def import_file(
    file: Annotated[Path, typer.Argument(help="A key file that trace key export --private wrote.")],
    as_json: options.Json = False,
) -> None:
    """Bring the key of a site to this machine, and believe it here.

    A file of a key that an ssh-agent holds is only a stub: this machine signs once its agent has that key.

    \b
    Example:
      trace key import dc1.key
    """
    from ledger.chain.errors import Refused
    from ledger.chain.home import read_secret
    from ledger.chain.keys import import_key, read_key_file
    from ledger.chain.policy import create_policy, policy_path
    from trace_cli.formats.answer import note, say, write_json

    home = _home()
    text = read_secret(file.absolute(), "the key file", "")
    try:
        keys = import_key(home, text)
    except Refused as error:
        raise Refused(f"{file}: {error}", remedy=error.remedy) from None
    origin = keys[0].name
    if not policy_path(home, origin).exists():
        create_policy(home, origin, *keys)
    in_agent = read_key_file(home, origin)[0].in_agent
    ids = ", ".join(key.key_id.hex() for key in keys)
    if as_json:
        answer = {"schema": "trace.key.import/1", "origin": origin, "in_agent": in_agent}
        write_json({**answer, "verifier_keys": [str(key) for key in keys]})
    elif in_agent:
        say(f"The stub of a key of {origin} is here, without the private key: {ids}")
    else:
        say(f"The key of {origin} is here: {ids}")
    if in_agent:
        note("To sign, the ssh-agent of this machine needs the private key: ssh-add FILE; see it by: ssh-add -L")


def passphrase(
    origin: Origin,
    remove: Annotated[bool, typer.Option("--remove", help="Leave the key file without a passphrase.")] = False,
) -> None:
    """Set, change or remove the passphrase of a key. The present one is asked for first.

    Without a terminal the new one comes from --new-passphrase-file FILE (mode 0600). A key in an ssh-agent has
    its passphrase there.

    \b
    Examples:
      trace key passphrase acme.example/dc1
      trace key passphrase acme.example/dc1 --remove
    """
    from ledger.chain.checkpoint import check_origin
    from ledger.chain.keys import change_passphrase, kept_in_agent, load_key, read_key_file
    from trace_cli.formats.answer import note
    from trace_cli.passphrase import ask, ask_changed, ask_new

    home = _home()
    file, _ = read_key_file(home, check_origin(origin))
    if file.in_agent:
        raise kept_in_agent(
            origin, "there is nothing to seal", "ssh-keygen -p -f FILE seals the file that ssh-add loads it from"
        )
    present = ask() if file.sealed else b""
    load_key(home, origin, lambda: present)  # a wrong passphrase is told before a new one is asked for
    fresh = None if remove else ask_changed() if file.sealed else ask_new()
    change_passphrase(home, origin, lambda: present, fresh)
    note(f"The key of {origin} has {'no passphrase now' if fresh is None else 'a new passphrase'}.")


def rotate(
    to_file: Annotated[
        bool, typer.Option("--to-file", help="Leave the ssh-agent: the new private key lies in a key file.")
    ] = False,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> None:
    """Replace the key of the ledger here by a new one; the log records it, signed by both.

    Whoever believes the old key follows. A sealed key is replaced by one with the same passphrase.

    The new key is always a key file. Where the present one is in an ssh-agent, --to-file says that this is meant.

    \b
    Examples:
      trace key rotate
      trace key rotate --to-file
    """
    from ledger.chain.keys import key_path
    from trace_cli.context import find_site
    from trace_cli.formats.answer import note, say, write_json
    from trace_cli.key_life import rotate_key

    site = find_site(ledger)
    new, appended = rotate_key(site, site.operator(by), to_file=to_file)
    keys = [str(verifier) for verifier in new.verifiers]
    if as_json:
        answer = {"schema": "trace.key.rotate/1", "origin": site.origin, "seq": appended.first}
        write_json({**answer, "verifier_keys": keys})
        return
    say(f"OK  new key of {site.origin}  entry {appended.first}")
    for verifier in keys:
        say(f"Verifier key, to give to others: {verifier}")
    path = key_path(site.home, site.origin)
    note(f"The new private key is the file {path}; copy it to a safe place.")
    if to_file:
        note(f"It is not in an ssh-agent. To give it a passphrase: trace key passphrase {site.origin}")
    note("To distrust the old key from some size on: trace key revoke")


def revoke(
    vkey: Annotated[str, typer.Argument(help="The verifier key to revoke, or its id of 8 hex digits.")],
    last_size: Annotated[int, typer.Option("--last-size", min=0, help="Number of entries up to which it counts.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays in the log for ever.")],
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> None:
    """Revoke a key of the ledger here, from a size on. A key cannot revoke itself: rotate first.

    A verifier who knows only a key that was revoked before it was replaced does not follow to the new one.

    \b
    Example:
      trace key revoke 1f2e3d4c --last-size 812 --reason "laptop stolen"
    """
    from trace_cli.context import find_site
    from trace_cli.formats.answer import say, write_json
    from trace_cli.key_life import revoke_key

    site = find_site(ledger)
    key, appended = revoke_key(site, vkey, last_size, reason, site.operator(by))
    if as_json:
        answer = {"schema": "trace.key.revoke/1", "origin": site.origin, "seq": appended.first}
        write_json({**answer, "revoked": str(key), "last_size": last_size})
    else:
        say(f"OK  revoked {key.key_id.hex()} from size {last_size + 1} on  entry {appended.first}")


def _home() -> Path:
    from ledger.chain.home import find_home

    return find_home(os.environ)


def _row(file: KeyFile) -> dict[str, Any]:
    from ledger.chain.note import ALGORITHMS

    keys = [
        {"algorithm": ALGORITHMS[key.algorithm], "id": key.key_id.hex(), "verifier_key": str(key)}
        for key in file.verifiers
    ]
    mode = f"{file.mode:04o}"
    return {
        "origin": file.origin,
        "path": str(file.path),
        "verifier_keys": keys,
        "sealed": file.sealed,
        "in_agent": file.in_agent,
        "mode": mode,
    }
