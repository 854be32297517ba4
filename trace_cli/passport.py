"""The passport: one page that carries the evidence of an item and checks it in the browser.

Nothing that is shown is written into the page before: its script reads the evidence, checks it, and draws what the
checked bytes say. The page is a frame, a style and a script of ours, and the bundle; so whoever knows the bundle
can write the same page again, and that is how `trace verify` sees whether anything in it was changed.
"""

from __future__ import annotations

import base64
import json
import re
from functools import cache
from hashlib import sha256
from html import escape, unescape
from importlib.resources import files
from string import Template
from typing import Final

from ledger.chain.errors import Refused
from ledger.custody.unit_symbols import SYMBOLS
from trace_cli.version import __version__

# In this order they are one script; each file is a room of its own.
SCRIPTS: Final = ("json.js", "bundle.js", "identifiers.js", "history.js", "qr.js", "picture.js", "page.js")
START: Final = '<!DOCTYPE html>\n<html lang="en" data-trace="passport">'
_EVIDENCE: Final = ('<pre id="evidence" hidden>', "</pre>\n<script>")
_MAKER: Final = re.compile('<meta name="generator" content="trace ([^"<>&]{1,40})">')


def write_page(evidence: str) -> str:
    """Write the page for a bundle."""
    parts = _parts()
    return Template(_read("frame.html")).substitute(parts, evidence=escape(evidence, quote=False))


def read_evidence(page: str) -> str:
    """Take the bundle out of a page.

    Raises:
        Refused: There is none where a passport has it.
    """
    before, after = _EVIDENCE
    if page.count(before) != 1:
        raise Refused("it is no passport: there is no evidence in it, or more than one")
    inside, end, _ = page.partition(before)[2].partition(after)
    if not end:
        raise Refused("it is no passport: its evidence has no end")
    return unescape(inside)


def page_fault(page: str, evidence: str) -> tuple[str, str] | None:
    """Say what is wrong with the page around its evidence, as the word of a verdict and why; None: nothing.

    A page of another version may be as honest as ours, but its script is not known here.
    """
    if page == write_page(evidence):
        return None
    made = _MAKER.search(page)
    if made is not None and made[1] != __version__:
        return (
            "untrusted",
            f"the page was written by version {made[1]}, whose script is not known to {__version__}: nobody "
            "vouches for what it shows. What is said of its evidence holds",
        )
    return (
        "tampered",
        "the page is not as it was written: its text, style or script was changed, so nobody vouches for what it "
        "shows",
    )


@cache
def _read(name: str) -> str:
    return files("trace_cli").joinpath("page", name).read_text(encoding="utf-8")


@cache
def _parts() -> dict[str, str]:
    # How people write units is kept in one table; the page is given it.
    units = f"const UNITS = new Map({json.dumps(list(SYMBOLS.items()))});\n"
    script = '"use strict";\n' + units + "".join(_read(name) for name in SCRIPTS)
    style = _read("page.css")
    return {
        "script": script,
        "script_hash": _hash(script),
        "style": style,
        "style_hash": _hash(style),
        "version": __version__,
    }


def _hash(text: str) -> str:
    return base64.b64encode(sha256(text.encode()).digest()).decode()
