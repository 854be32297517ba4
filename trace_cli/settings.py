"""Settings: flag > `TRACE_*` environment > nearest `trace.toml` upward > user file > default."""

from __future__ import annotations

import getpass
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

FILE: Final = "trace.toml"
KNOWN: Final = {
    "ledger": {"org", "site", "file"},
    "codes": {"domain", "plain"},
    "private": {"fields", "public"},
    "demand": {"steps"},
    "defaults": {"by", "timezone"},
    "fsma": {"warn", "landings", "places", "products", "contact", "phone", "records", "foods", "lot_codes", "map"},
}
# A ledger that brings its own trust is not trusted, so its settings can never say where trust lies.
_TRUST: Final = frozenset({"home", "key", "keys", "pin", "pins", "policy"})


class Settings(NamedTuple):
    """The content of a `trace.toml`, checked; `folder` is where it lies."""

    folder: Path
    org: str
    site: str
    ledger_file: Path
    table: Mapping[str, Mapping[str, Any]]

    @property
    def origin(self) -> str:
        """Name the log."""
        return f"{self.org}/{self.site}"

    def strings(self, room: str, key: str) -> list[str]:
        """Give a list of texts.

        Raises:
            CommandError: It is none.
        """
        value = self.table.get(room, {}).get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise _bad(self.folder / FILE, f"{key} under [{room}] must be a list of texts, got {value!r}")
        return value


def find_settings(start: Path) -> Path | None:
    """Find the nearest `trace.toml`, here or upward."""
    return next((folder / FILE for folder in (start, *start.parents) if (folder / FILE).is_file()), None)


def load_settings(path: Path) -> Settings:
    """Read a `trace.toml`.

    Raises:
        CommandError: It is malformed, or names what it never may.
    """
    table = _read(path)
    ledger = table.get("ledger", {})
    for key in ("org", "site"):
        if not isinstance(ledger.get(key), str):
            raise _bad(path, f"{key} under [ledger] is missing")
    file = ledger.get("file", "ledger.db")
    if not isinstance(file, str) or Path(file).is_absolute():
        raise _bad(path, f"file under [ledger] must be a relative path, got {file!r}")
    return Settings(path.parent, ledger["org"], ledger["site"], path.parent / file, table)


def operator(flag: str | None, environ: Mapping[str, str], settings: Settings | None) -> str:
    """Find who records: flag, TRACE_BY, `trace.toml`, user file, the login name."""
    if found := flag or environ.get("TRACE_BY"):
        return found
    for table in _default_tables(environ, settings):
        if isinstance(by := table.get("by"), str) and by:
            return by
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


def _default_tables(environ: Mapping[str, str], settings: Settings | None) -> list[Mapping[str, Any]]:
    """Give the sections [defaults]: of `trace.toml`, then of the user file."""
    tables: list[Mapping[str, Any]] = [settings.table] if settings else []
    if (path := user_file(environ)).is_file():
        tables.append(_read(path))
    return [table.get("defaults", {}) for table in tables]


def timezone(environ: Mapping[str, str], settings: Settings | None) -> str:
    """Find the zone in which planners read times: TRACE_TIMEZONE, `trace.toml`, user file, UTC."""
    if found := environ.get("TRACE_TIMEZONE"):
        return found
    for table in _default_tables(environ, settings):
        if isinstance(zone := table.get("timezone"), str) and zone:
            return zone
    return "UTC"


def user_file(environ: Mapping[str, str]) -> Path:
    """Name the file of the user's own defaults; it need not be there."""
    base = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "~")).expanduser() / ".config")
    return base / "trace" / "config.toml"


def write_settings(path: Path, *, org: str, site: str) -> None:
    """Write the `trace.toml` of a new ledger; nothing may be there yet."""
    text = f'''# What this ledger is. Keys, pins and trust live in $TRACE_HOME, never here.
[ledger]
org = "{org}"
site = "{site}"
file = "ledger.db"

[private]
# Fields that enter the ledger as commitments only, beside contacts, free text and prices:
fields = []        # for example ["party", "document", "quantity"]

[demand]
# Steps whose quantity is demand; empty: chosen from the history, and printed.
steps = []
'''
    with path.open("x", encoding="utf-8") as file:
        file.write(text)


def _read(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _bad(path, f"cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _bad(path, f"no TOML: {error}") from None
    for room, content in table.items():
        if room in _TRUST or (isinstance(content, dict) and _TRUST & set(content)):
            raise _bad(path, f"{room!r}: trust can never be set here; it lives in $TRACE_HOME")
        if room not in KNOWN or not isinstance(content, dict):
            raise _bad(path, f"unknown section [{room}]; known: {', '.join(KNOWN)}")
        if unknown := sorted(set(content) - KNOWN[room]):
            raise _bad(path, f"unknown key {unknown[0]!r} under [{room}]; known: {', '.join(sorted(KNOWN[room]))}")
    return table


def _bad(path: Path, reason: str) -> CommandError:
    return CommandError(ExitCode.USAGE, f"{path}: {reason}", remedy=f"mend {path}")
