"""Text of a ledger inside HTML and SVG: nothing in it is markup, and nothing hides or turns what is read."""

from __future__ import annotations

from html import escape

from trace_cli.formats.answer import visible


def inert(text: object) -> str:
    """Escape a text for a page in UTF-8, whatever the terminal of this run can show."""
    return escape(visible(str(text)))
