"""Rotate and revoke: the files of this machine and the entries of the log, in an order that survives a crash."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from trace_cli.context import Site, ask
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from ledger.chain.keys import SiteKey
    from ledger.chain.log import Appended
    from ledger.chain.note import VerifierKey


def rotate_key(site: Site, by: str, *, to_file: bool = False) -> tuple[SiteKey, Appended]:
    """Replace the key of a site by one in a file.

    1. The new key is stored beside the old one. 2. The commit carries both signatures. 3. The policy of this
    machine believes the new key, too. 4. The new key takes the place of the old one. A crash after 2 is mended by
    the next command that records (`ledger.chain.keys.settle_rotation`).

    Args:
        site: Whose key.
        by: Who does it.
        to_file: Do so even if the present key is in an ssh-agent, where nobody can copy it.

    Raises:
        KeyUnavailable: The present key is not at hand.
        Refused: The present key is in an ssh-agent, and nobody said that the new one may lie in a file.
        CommandError: Somebody else rotates.
    """
    from ledger.chain import rotation
    from ledger.chain.errors import Missing
    from ledger.chain.home import move_secret, replace_secret
    from ledger.chain.keys import kept_in_agent, key_path, load_key, make_key, next_path, read_key_file, write_key
    from ledger.chain.policy import add_to_policy, save_ends

    words: list[bytes] = []

    def remember() -> bytes:
        if not words:
            words.append(ask())
        return words[0]

    with _alone(site), site.recording(remember) as recorder:
        file, _ = read_key_file(site.home, site.origin)
        present = load_key(site.home, site.origin, remember)
        if present.in_agent and not to_file:
            raise kept_in_agent(
                site.origin, "the new key would be a file, which can be copied", "trace key rotate --to-file"
            )
        new = make_key(site.origin, hybrid=present.second is not None)
        path = next_path(site.home, site.origin)
        replace_secret(path, write_key(new, words[0] if file.sealed else None))
        appended = recorder.record_keys(rotation.rotate, present, new, by=by)
        with suppress(Missing):  # this machine believes nobody for that origin, and goes on doing so
            add_to_policy(site.home, site.origin, new.verifiers)
        # Each half of a hybrid key ends with its own entry; the last of them is one before the new head.
        save_ends(site.home, site.origin, [(key, appended.head.size) for key in present.verifiers])
        with suppress(FileNotFoundError):  # another process found the commit and has settled it
            move_secret(path, key_path(site.home, site.origin))
    return new, appended


def revoke_key(site: Site, name: str, last_size: int, reason: str, by: str) -> tuple[VerifierKey, Appended]:
    """Revoke a key, given as verifier key or by its id.

    Raises:
        CommandError: There is no key with that id in the policy of this machine.
        Refused: It is the key that would sign this, or the size is in the future.
    """
    from ledger.chain import rotation
    from ledger.chain.note import parse_vkey
    from ledger.chain.policy import save_ends

    known = site.policy.keys if site.policy is not None else ()
    key = parse_vkey(name) if "+" in name else next((key for key in known if key.key_id.hex() == name), None)
    if key is None:
        raise CommandError(
            ExitCode.NOT_FOUND,
            f"this machine knows no key {name} of {site.origin}",
            remedy="give the whole verifier key; trace log shows the entries that name keys",
        )
    with site.recording() as recorder:
        appended = recorder.record_keys(rotation.revoke, key, last_size, reason, by=by)
    save_ends(site.home, site.origin, [(key, last_size)])
    return key, appended


def choose_agent_key(origin: str, name: str, *, hybrid: bool, sealed: bool) -> SiteKey:
    """Find the one key of the ssh-agent that is meant.

    Raises:
        CommandError: None or several fit, or more is asked than an agent can do.
    """
    from ledger.chain.keys import agent_key
    from ledger.chain.signers.ssh_agent import list_keys

    if hybrid or sealed:
        raise CommandError(
            ExitCode.USAGE,
            "an ssh-agent signs with Ed25519 alone, and keeps its keys as it likes",
            remedy="leave --hybrid and --passphrase away, or make a key file",
        )
    found = list_keys()
    fitting = [key for key in found if name in ("any", key.comment)]
    if len(fitting) != 1:
        names = ", ".join(repr(key.comment) for key in found) or "none"
        raise CommandError(
            ExitCode.NO_KEY,
            f"{len(fitting)} Ed25519 keys of the ssh-agent fit {name!r}; it has {names}",
            remedy="ssh-keygen -t ed25519 -C dc2-ledger -f KEYFILE; ssh-add KEYFILE; then --agent dc2-ledger",
        )
    return agent_key(origin, fitting[0].public)


def refuse_taken(home: Path, origin: str) -> None:
    """Refuse, before a passphrase is asked for, to make a key where there is one.

    Raises:
        Refused: There is a key for that origin already.
    """
    from ledger.chain.errors import Refused
    from ledger.chain.keys import key_path

    path = key_path(home, origin)
    if os.path.lexists(path):
        raise Refused(
            f"there is a key for {origin} already: {path}",
            remedy="choose another site name, or keep using that key with: trace init --use-key",
        )


@contextmanager
def _alone(site: Site) -> Iterator[None]:
    """Let one process rotate at a time: the other would overwrite the new key."""
    from ledger.chain.home import make_room
    from ledger.chain.keys import key_path

    path = key_path(site.home, site.origin).with_suffix(".lock")
    make_room(path)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(ExitCode.UNAVAILABLE, "another process is replacing this key") from None
        yield
    finally:
        os.close(handle)
