"""The site's private key, one file in `$TRACE_HOME`, never in the ledger.

The file holds one line, ``PRIVATE+KEY+<origin>+<key id>+<base64(algorithm || seed)>``, the form that Go's note
tools read and write: Ed25519, and a second line for ML-DSA-44 where the site signs with both. With a passphrase
these lines lie in a sealed file instead (`ledger.chain.sealing`). A key that an ssh-agent holds has a line with
its public side, ``TRACE+AGENT+KEY+<origin>+<key id>+<base64(algorithm || public key)>``, and nothing secret.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.chain.errors import KeyUnavailable, Missing, Refused
from ledger.chain.home import create_secret, move_secret, place_of, read_secret, replace_secret
from ledger.chain.note import Signer, VerifierKey, decode_base64, parse_note
from ledger.chain.signers import ed25519

if TYPE_CHECKING:
    from ledger.chain.sealing import Cost

_PREFIX: Final = "PRIVATE+KEY+"
_AGENT: Final = "TRACE+AGENT+KEY+"
_SEALED: Final = "TRACE+SEALED+KEY+"
_MLDSA: Final = 0x06

# Asks for a passphrase, wherever that may come from.
Ask = Callable[[], bytes]


class SiteKey(NamedTuple):
    """A private key that may sign for an origin; `second` is its ML-DSA-44 half where it is hybrid."""

    origin: str
    signer: Signer
    second: Signer | None = None

    @property
    def verifier(self) -> VerifierKey:
        """Give the public side of the Ed25519 key."""
        return VerifierKey(self.origin, ed25519.ALGORITHM, self.signer.public)

    @property
    def signers(self) -> tuple[Signer, ...]:
        """Give everything that signs a checkpoint."""
        return (self.signer,) if self.second is None else (self.signer, self.second)

    @property
    def verifiers(self) -> tuple[VerifierKey, ...]:
        """Give the public side of everything that signs."""
        return tuple(VerifierKey(self.origin, signer.algorithm, signer.public) for signer in self.signers)

    @property
    def in_agent(self) -> bool:
        """Tell whether an ssh-agent holds the private key, and its lines are public."""
        return self.signer.stored[0] == _AGENT

    @property
    def text(self) -> str:
        """Write the private lines."""
        return "".join(
            f"{signer.stored[0]}{self.origin}+{key.key_id.hex()}+"
            f"{base64.b64encode(bytes([key.algorithm]) + signer.stored[1]).decode()}\n"
            for signer, key in zip(self.signers, self.verifiers, strict=True)
        )


class KeyFile(NamedTuple):
    """What can be told of a key file without its passphrase."""

    origin: str
    path: Path
    verifiers: tuple[VerifierKey, ...]
    sealed: bool
    mode: int
    in_agent: bool = False


def key_path(home: Path, origin: str) -> Path:
    """Name the file of a site's key."""
    return place_of(home, "keys", origin, ".key")


def agent_key(origin: str, public: bytes) -> SiteKey:
    """Take a key that an ssh-agent holds as the key of an origin; nothing is stored."""
    return SiteKey(origin, _make_signer(ed25519.ALGORITHM, public, in_agent=True))


def make_key(origin: str, *, hybrid: bool = False, random: Callable[[int], bytes] = os.urandom) -> SiteKey:
    """Make a new key for an origin; nothing is stored."""
    signer = ed25519.Ed25519Signer(random(ed25519.KEY_SIZE))
    return SiteKey(origin, signer, _make_signer(_MLDSA, random(32)) if hybrid else None)


def create_key(
    home: Path,
    origin: str,
    *,
    hybrid: bool = False,
    passphrase: bytes | None = None,
    cost: Cost | None = None,
    random: Callable[[int], bytes] = os.urandom,
) -> SiteKey:
    """Make a new key for an origin and store it, sealed where there is a passphrase.

    Raises:
        Refused: There is one already.
    """
    return store_key(home, make_key(origin, hybrid=hybrid, random=random), passphrase, cost)


def store_key(home: Path, key: SiteKey, passphrase: bytes | None = None, cost: Cost | None = None) -> SiteKey:
    """Store a key that is not stored yet.

    Raises:
        Refused: There is one for its origin already.
    """
    origin = key.origin
    path = key_path(home, origin)
    if os.path.lexists(path):
        raise _taken(path, origin)
    try:
        create_secret(path, write_key(key, passphrase, cost))
    except FileExistsError:
        raise _taken(path, origin) from None
    return key


def write_key(key: SiteKey, passphrase: bytes | None, cost: Cost | None = None) -> str:
    """Write the text of a key file.

    Raises:
        Refused: The passphrase is empty, or would protect nothing: an ssh-agent holds the private key.
    """
    if passphrase is None:
        return key.text
    if key.in_agent:
        raise kept_in_agent(
            key.origin, "a passphrase would protect nothing", f"trace key passphrase {key.origin} --remove"
        )
    from ledger.chain.sealing import COST, seal

    return seal(key.text, key.verifiers, passphrase, cost=cost or COST)


def import_key(home: Path, text: str) -> tuple[VerifierKey, ...]:
    """Store a key file that was exported elsewhere, as it is; give its public side.

    Raises:
        Refused: It is no key file, or there is a key for that origin already.
    """
    keys = _public_of(text)
    path = key_path(home, keys[0].name)
    try:
        create_secret(path, text)
    except FileExistsError:
        raise _taken(path, keys[0].name) from None
    return keys


def change_passphrase(
    home: Path, origin: str, ask: Ask | None, passphrase: bytes | None, cost: Cost | None = None
) -> None:
    """Seal the key of an origin with another passphrase; None: leave it plain.

    Raises:
        KeyUnavailable: As `load_key`.
        Refused: As `write_key`; the file stays as it is.
    """
    key = load_key(home, origin, ask)
    replace_secret(key_path(home, origin), write_key(key, passphrase, cost))


def load_key(home: Path, origin: str, ask: Ask | None = None) -> SiteKey:
    """Load the key of an origin.

    Args:
        home: Where keys lie.
        origin: Whose key.
        ask: Gives the passphrase; called only if the key is sealed. None: there is nobody to ask.

    Raises:
        KeyUnavailable: It is missing, locked, readable by others, damaged, or made for another origin.
    """
    path = key_path(home, origin)
    return read_key(path, _read(home, path, origin), origin, ask)


def next_path(home: Path, origin: str) -> Path:
    """Name the file of a key that is about to replace the site's key."""
    return place_of(home, "keys", origin, ".key.next")


def settle_rotation(home: Path, origin: str, note: str) -> bool:
    """Finish a rotation that was cut off after its commit; tell whether there was one to finish.

    The new key lies in `next_path` before the commit, so it cannot be lost. If it signed the head, the commit
    happened, and the old key has had its day.
    """
    path = next_path(home, origin)
    try:
        keys = _public_of(read_secret(path, f"the next key of {origin}", ""))
        if set(parse_note(note).signed_by(keys)) != set(keys):
            return False
        move_secret(path, key_path(home, origin))
    except (Missing, FileNotFoundError, Refused):
        return (
            False  # whoever rotates has done it by now, or nothing here can be made out: opening the log will tell
        )
    return True


def read_key(path: Path, text: str, origin: str, ask: Ask | None) -> SiteKey:
    """Read the text of a key file that lies at `path`.

    Raises:
        KeyUnavailable: As `load_key`.
    """
    try:
        key = _unseal(path, text, origin, ask) if text.startswith(_SEALED) else _parse_lines(text)
    except Refused as error:
        raise KeyUnavailable(
            f"the key file {path} is damaged: {error}", remedy=f"copy it from a backup: {path}"
        ) from None
    if key.origin != origin:
        raise KeyUnavailable(f"the key file {path} belongs to {key.origin}, not to {origin}")
    return key


def read_key_file(home: Path, origin: str) -> tuple[KeyFile, str]:
    """Read what a key file says of itself, without opening it; give also its text.

    Raises:
        KeyUnavailable: As `load_key`.
    """
    path = key_path(home, origin)
    text = _read(home, path, origin)
    sealed = text.startswith(_SEALED)
    try:
        # asked of the key, not of the first bytes: blank lines before it change nothing of what it is
        in_agent = not sealed and _parse_lines(text).in_agent
        keys = _public_of(text)
    except Refused as error:
        raise KeyUnavailable(f"the key file {path} is damaged: {error}") from None
    mode = path.stat().st_mode & 0o777
    return KeyFile(origin, path, keys, sealed, mode, in_agent), text


def kept_in_agent(origin: str, why: str, remedy: str) -> Refused:
    """Make the refusal of what needs a private key that only an ssh-agent has."""
    return Refused(f"the private key of {origin} is in the ssh-agent, not in the key file: {why}", remedy=remedy)


def _public_of(text: str) -> tuple[VerifierKey, ...]:
    if not text.startswith(_SEALED):
        return _parse_lines(text).verifiers
    from ledger.chain.sealing import public_of

    return public_of(text)


def _read(home: Path, path: Path, origin: str) -> str:
    try:
        return read_secret(path, f"the key of {origin}", "")
    except Missing:
        raise KeyUnavailable(
            f"no key for {origin} in {home}",
            remedy=f"copy the key file of that site to {path}, or set TRACE_HOME to the directory that has it",
        ) from None


def _unseal(path: Path, text: str, origin: str, ask: Ask | None) -> SiteKey:
    from ledger.chain.sealing import public_of, unseal

    stated = public_of(text)
    if ask is None:
        raise KeyUnavailable(
            f"the key of {origin} is locked: {path} has a passphrase, and there is nobody to ask for it",
            remedy="run it in a terminal, or name a file of mode 0600 that holds it: --passphrase-file FILE",
        )
    key = _parse_lines(unseal(text, ask()))
    if key.verifiers != stated:
        raise Refused("what is sealed is not the key that the file states")
    return key


def _parse_lines(text: str) -> SiteKey:
    lines = text.strip().split("\n")
    keys = [_parse_line(line) for line in lines[:3]]
    if [signer.algorithm for _, signer in keys] not in ([ed25519.ALGORITHM], [ed25519.ALGORITHM, _MLDSA]):
        raise Refused("it has one line for Ed25519, and at most one for ML-DSA-44 after it")
    (name, first), *more = keys
    if any(other != name for other, _ in more):
        raise Refused("its lines are of different origins")
    return SiteKey(name, first, more[0][1] if more else None)


def _parse_line(line: str) -> tuple[str, Signer]:
    prefix = _AGENT if line.startswith(_AGENT) else _PREFIX
    name, _, rest = line.removeprefix(prefix).partition("+")
    key_id, _, material = rest.partition("+")
    data = decode_base64(material, "the key")
    known = [ed25519.ALGORITHM] if prefix == _AGENT else [ed25519.ALGORITHM, _MLDSA]
    if not line.startswith(prefix) or data[:1] not in [bytes([algorithm]) for algorithm in known]:
        raise Refused("it does not start as a private key does")
    signer = _make_signer(data[0], data[1:], in_agent=prefix == _AGENT)
    if VerifierKey(name, data[0], signer.public).key_id.hex() != key_id:
        raise Refused("its id does not fit")
    return name, signer


def _make_signer(algorithm: int, seed: bytes, *, in_agent: bool = False) -> Signer:
    if in_agent:
        from ledger.chain.signers.ssh_agent import SshAgentSigner

        return SshAgentSigner(seed)
    if algorithm == ed25519.ALGORITHM:
        return ed25519.Ed25519Signer(seed)
    from ledger.chain.signers.mldsa44 import Mldsa44Signer

    return Mldsa44Signer(seed)


def _taken(path: Path, origin: str) -> Refused:
    return Refused(
        f"there is a key for {origin} already: {path}",
        remedy="choose another site name, or keep using that key with: trace init --use-key",
    )
