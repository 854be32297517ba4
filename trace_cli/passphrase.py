"""Where passphrases come from: a descriptor, a file of mode 0600, or the terminal. Never an argument, never the
environment: both can be read by other processes and end up in histories and logs.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.chain.errors import KeyUnavailable, Missing
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

FLAGS: Final = {"--passphrase-file": "file", "--passphrase-fd": "fd", "--new-passphrase-file": "new_file"}
_MAX: Final = 4096


@dataclass
class Given:
    """What the command line says; the options may stand anywhere on it."""

    file: Path | None = None
    fd: int | None = None
    new_file: Path | None = None


given = Given()


def take(arguments: list[str]) -> list[str]:
    """Take the options that name a passphrase out of the command line; give the rest.

    Raises:
        CommandError: One has no value.
    """
    given.__init__()  # type: ignore[misc]
    end = arguments.index("--") if "--" in arguments else len(arguments)
    rest: list[str] = []
    words = iter(arguments[:end])
    for word in words:
        flag, equals, value = word.partition("=")
        if flag not in FLAGS:
            rest.append(word)
            continue
        value = value if equals else next(words, "")
        if not value or (FLAGS[flag] == "fd" and not (value.isascii() and value.isdigit() and len(value) < 6)):
            raise CommandError(
                ExitCode.USAGE, f"{flag} names {'a descriptor' if flag.endswith('fd') else 'a file'}"
            )
        setattr(given, FLAGS[flag], int(value) if FLAGS[flag] == "fd" else Path(value))
    return rest + arguments[end:]


def ask() -> bytes:
    """Get the passphrase of a key that is there.

    Raises:
        KeyUnavailable: There is no way to get it.
    """
    found = _without_asking()
    return _prompt("Passphrase of the key: ") if found is None else found


def ask_new() -> bytes:
    """Get the passphrase for a new key: from where `ask` would, else typed twice.

    Raises:
        KeyUnavailable: There is no way to get it.
        CommandError: It is empty, or the two differ.
    """
    if given.new_file is not None:
        found: bytes | None = _read_file(given.new_file)
    else:
        found = _without_asking()
    return _twice() if found is None else _present(found)


def ask_changed() -> bytes:
    """Get the passphrase that takes the place of another; the file of the present one is not asked.

    Raises:
        As `ask_new`.
    """
    return _twice() if given.new_file is None else _present(_read_file(given.new_file))


def _without_asking() -> bytes | None:
    if given.fd is not None:
        return _read_descriptor(given.fd)
    if given.file is not None:
        return _read_file(given.file)
    if named := os.environ.get("TRACE_PASSPHRASE_FILE"):
        return _read_file(Path(named))
    return None


def _twice() -> bytes:
    first = _present(_prompt("New passphrase: "))
    if _prompt("The same again: ") != first:
        raise CommandError(ExitCode.REFUSED, "the two passphrases differ; nothing was written")
    return first


def _present(passphrase: bytes) -> bytes:
    if not passphrase:
        raise CommandError(ExitCode.REFUSED, "the passphrase is empty; nothing was written")
    return passphrase


def _read_file(path: Path) -> bytes:
    from ledger.chain.home import read_secret

    try:
        text = read_secret(path, "the file with the passphrase", "")
    except Missing as error:
        raise KeyUnavailable(error.message, remedy="name a file of mode 0600: --passphrase-file FILE") from None
    return _first_line(text.encode())


def _read_descriptor(number: int) -> bytes:
    data = b""
    try:
        while len(data) <= _MAX and b"\n" not in data and (more := os.read(number, _MAX)):
            data += more
    except OSError as error:
        raise KeyUnavailable(
            f"the passphrase cannot be read from descriptor {number}: {error.strerror}",
            remedy=f"trace ... --passphrase-fd {number} {number}<FILE",
        ) from None
    return _first_line(data)


def _first_line(data: bytes) -> bytes:
    return data.split(b"\n", 1)[0].removesuffix(b"\r")


def _prompt(text: str) -> bytes:
    """Ask at the terminal, which need not be standard input: codes may come through that."""
    if not sys.stderr.isatty():
        raise KeyUnavailable(
            "the key has a passphrase, and there is no terminal to ask for it",
            remedy="name a file of mode 0600 that holds it: --passphrase-file FILE or TRACE_PASSPHRASE_FILE",
        )
    from getpass import getpass

    try:
        return getpass(text, stream=None).encode()
    except EOFError:
        raise KeyUnavailable("no passphrase was given", remedy="run the command again") from None
