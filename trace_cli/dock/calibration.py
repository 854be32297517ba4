"""The calibration label, and what a scan of it tells about the scanner and the computer.

The label is a GS1 DataMatrix with every character of GS1 set 82 in AI 99, a group separator, and AI 98: what it
must say is known, so what arrives instead tells the misbehaviour. Each hypothesis (layout, caps lock, what stands
for the separator, what stands before) predicts the whole text; none is taken for another, nor for chance.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from trace_cli.dock.layouts import DEAD, NAMES, layout
from trace_cli.dock.profile import GS, Profile
from trace_cli.dock.reader import Read

SET_82: Final = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
# Brackets part AIs where element strings are written for people, and so for those who make the label.
_ON_LABEL: Final = SET_82.replace("(", "").replace(")", "")
FIRST: Final = f"99{_ON_LABEL}"
SECOND: Final = "98TRACEtest"
ELEMENTS: Final = f"(99){_ON_LABEL}(98)TRACEtest"
_AIM: Final = re.compile(r"\][A-Za-z][0-9A-Za-z]")


@dataclass(frozen=True, slots=True)
class Finding:
    """One misbehaviour: its name, what is wrong, how to mend it at the scanner, and whether a profile mends it."""

    kind: str
    message: str
    remedy: str
    mended: bool


@dataclass(frozen=True)
class Diagnosis:
    """What a scan of the label tells; `profile` mends what can be mended safely. None of both: it was no label."""

    findings: tuple[Finding, ...]
    profile: Profile
    recognised: bool = True

    @property
    def is_good(self) -> bool:
        """Tell whether the scanner does what it should."""
        return self.recognised and not self.findings

    @property
    def is_usable(self) -> bool:
        """Tell whether scans can be trusted, with the profile."""
        return self.recognised and all(finding.mended for finding in self.findings)


def diagnose(read: Read) -> Diagnosis:
    """Tell what is wrong with the scanner that sent the label so."""
    text = read.raw.decode("utf-8", "surrogateescape")
    for name in NAMES:
        for caps in (False, True):
            match = _pattern(name, caps=caps).fullmatch(text)
            if match is not None:
                return _explain(read, name, caps=caps, prefix=match["prefix"], gs=match["gs"])
    garbled = Finding(
        "unrecognised",
        "this is not the label, or too much of it is missing or changed",
        "scan the label again; if it stays so, reset the scanner to its factory settings",
        False,
    )
    return Diagnosis((garbled,), Profile(), recognised=False)


def _pattern(name: str, *, caps: bool) -> re.Pattern[str]:
    first, second = (_through(part, name, caps=caps) for part in (FIRST, SECOND))
    return re.compile(f"(?P<prefix>.{{0,12}}?){first}(?P<gs>.{{0,8}}?){second}", re.DOTALL)


def _through(part: str, name: str, *, caps: bool) -> str:
    keys = layout(name)
    typed = ""
    for char in part:
        arrived = keys.get(char, char)
        if caps:
            arrived = arrived.swapcase() if len(arrived.swapcase()) == 1 else arrived
        # A dead key types nothing, or an accent by itself where no letter follows that could take it.
        typed += ".?" if arrived == DEAD else re.escape(arrived)
    return typed


def _explain(read: Read, name: str, *, caps: bool, prefix: str, gs: str) -> Diagnosis:
    """Name every misbehaviour of a label that arrived as predicted."""
    findings: list[Finding] = []
    keys = layout(name)
    characters = {keys[char]: char for char in SET_82 + "]" if keys.get(char, char) != char}
    back = dict(characters)
    if name != "us":
        dead = any(keys.get(char) == DEAD for char in SET_82)
        findings.append(
            Finding(
                f"layout_{name}",
                f"the scanner types as on a US keyboard, but this computer has a {name.upper()} layout",
                f"set the scanner's keyboard country to {name.upper()}" + (DEAD_KEYS if dead else ""),
                not dead,
            )
        )
        if dead:
            characters = {}
    if caps:
        findings.append(
            Finding(
                "caps_lock",
                "caps lock is on: letters arrive in the wrong case",
                "switch caps lock off; it cannot be mended here, because the next person will press the key again",
                False,
            )
        )
    findings += _separator(gs)
    meant = "".join(back.get(char, char) for char in (prefix.swapcase() if caps else prefix))
    known = _AIM.match(meant)
    foreign = meant[known.end() :] if known else meant
    if foreign:
        findings.append(
            Finding(
                "prefix",
                f"the scanner sends {foreign!r} before each code",
                "switch the prefix off at the scanner, or leave it to the profile",
                not known,
            )
        )
    if read.end != "line":
        findings.append(
            Finding(
                "no_suffix",
                "the scanner sends no Enter after a code",
                "set the suffix CR at the scanner; until then the profile ends each scan by silence",
                True,
            )
        )
    profile = Profile(
        gs=b"" if gs == "\x1d" or not _is_safe(gs) else gs.encode("utf-8", "surrogateescape"),
        prefix=prefix.encode("utf-8", "surrogateescape") if foreign and not known else b"",
        suffix=read.end == "line",
        layout="" if name == "us" else f"us-on-{name}",
        characters=characters,
    )
    return Diagnosis(tuple(findings), profile)


DEAD_KEYS: Final = "; two of its keys type nothing by themselves, so this cannot be mended here"


def _separator(gs: str) -> list[Finding]:
    if gs.encode("utf-8", "surrogateescape") == GS:
        return []
    if not gs:
        why = "the group separator is lost: lots and serial numbers run into each other"
        return [Finding("gs_lost", why, 'set "send GS" (function code 1 as ASCII 29) at the scanner', False)]
    shown = repr(gs) if gs.isprintable() else gs.encode("utf-8", "surrogateescape").hex(" ")
    safe = _is_safe(gs)
    more = "" if safe else "; codes may hold these characters themselves, so it cannot be mended here"
    why = f"the group separator arrives as {shown}"
    return [Finding("gs_mapped", why, f"set the scanner to send ASCII 29 as it is{more}", safe)]


def _is_safe(gs: str) -> bool:
    """Tell whether what stands for the separator can never be part of a code: it holds what set 82 has not."""
    return bool(gs) and any(char not in SET_82 for char in gs)
