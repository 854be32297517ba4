"""How a scanner misbehaves, as `trace scanner test` has proven it, and how its scans are mended."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

GS: Final = b"\x1d"
_KEYS: Final = frozenset({"gs", "suffix", "prefix", "layout", "map"})


@dataclass(frozen=True)
class Profile:
    """What is known of a scanner.

    Args:
        gs: What arrives in place of the group separator; empty: the group separator.
        prefix: What arrives before each scan and is no AIM identifier.
        suffix: CR or LF arrives after each scan.
        layout: The keyboard layout of the computer, where the scanner thinks it is a US one.
        characters: What arrives, to what the scanner meant, for the characters that differ.
    """

    gs: bytes = b""
    prefix: bytes = b""
    suffix: bool = True
    layout: str = ""
    characters: Mapping[str, str] = field(default_factory=dict)

    def mend(self, raw: bytes) -> bytes:
        """Give a scan as the scanner meant it."""
        raw = raw.removeprefix(self.prefix)
        parts = raw.split(self.gs) if self.gs else [raw]
        return GS.join(self._translate(part) for part in parts)

    def _translate(self, part: bytes) -> bytes:
        if not self.characters:
            return part
        text = part.decode("utf-8", "surrogateescape")
        return "".join(self.characters.get(char, char) for char in text).encode("utf-8", "surrogateescape")

    def toml(self) -> str:
        """Write the profile as a file."""
        lines = [
            "# Made by `trace scanner test`. How this scanner's codes arrive, in hex where they are bytes.",
            f'gs = "{self.gs.hex()}"',
            f'prefix = "{self.prefix.hex()}"',
            f'suffix = "{"line" if self.suffix else "none"}"',
            f'layout = "{self.layout}"',
        ]
        if self.characters:
            lines.append("[map]")
            lines += [f'"{_hex(here)}" = "{_hex(meant)}"' for here, meant in sorted(self.characters.items())]
        return "\n".join(lines) + "\n"


def _hex(text: str) -> str:
    return text.encode().hex()


def profile_path(environ: Mapping[str, str]) -> Path:
    """Name the file of this computer's scanner: TRACE_SCANNER, else in the user's configuration."""
    if named := environ.get("TRACE_SCANNER"):
        return Path(named)
    base = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "~")).expanduser() / ".config"
    return Path(base) / "trace" / "scanner.toml"


def load_profile(path: Path | None = None) -> Profile:
    """Load a profile; without a name and without a file: a scanner that does what it should.

    Raises:
        CommandError: It cannot be read, or is none.
    """
    found = profile_path(os.environ) if path is None else path
    if path is None and not found.exists():
        return Profile()
    try:
        table = tomllib.loads(found.read_text(encoding="utf-8"))
        return _profile(table)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise CommandError(
            ExitCode.USAGE, f"{found}: no profile of a scanner: {error}", remedy="make it anew: trace scanner test"
        ) from None


def _profile(table: dict[str, Any]) -> Profile:
    if unknown := sorted(set(table) - _KEYS):
        raise ValueError(f"unknown key {unknown[0]!r}")
    suffix = table.get("suffix", "line")
    if suffix not in ("line", "none"):
        raise ValueError(f"suffix is line or none, got {suffix!r}")
    characters = {
        bytes.fromhex(here).decode(): bytes.fromhex(meant).decode() for here, meant in table.get("map", {}).items()
    }
    return Profile(
        bytes.fromhex(table.get("gs", "")),
        bytes.fromhex(table.get("prefix", "")),
        suffix == "line",
        str(table.get("layout", "")),
        characters,
    )
