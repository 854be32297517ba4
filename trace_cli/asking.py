"""Open a site's ledger to ask where a thing comes from or where it is: one snapshot, its index, its anchor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from ledger.custody.index.lookup import Lookup
    from ledger.custody.provenance.source import Elsewhere
    from trace_cli.context import Site


class Asking(NamedTuple):
    """A site, the index of one snapshot of it, and what its answers are anchored in."""

    site: Site
    lookup: Lookup
    anchor: str

    def find(self, item: str, schema: str) -> str:
        """Find the thing that a typed code means.

        Raises:
            CommandError: No event names it; the empty answer has that schema.
        """
        from ledger.custody.index import roles
        from ledger.custody.item_history import NotFoundError, resolve
        from trace_cli.completion import what_was_meant
        from trace_cli.reports.entry import tell_index

        try:
            return resolve(self.lookup, self.site.codes, item, mask=roles.NAMED | roles.LOT)
        except NotFoundError:
            tell_index(self.lookup)
            raise CommandError(
                ExitCode.NOT_FOUND,
                f"no event names {item!r}",
                remedy=what_was_meant(self.lookup.view.connection, self.site.codes.domain, item),
                answer={"schema": schema, "item": item},
            ) from None

    def verdict(self, proven: int, elsewhere: Elsewhere) -> dict[str, Any]:
        """Say what was proven: the events of the answer, and what was seen of the rest of the log."""
        return {
            "word": "ok",
            "anchor": self.anchor,
            "size": self.lookup.reader.size,
            "entries_proven": proven,
            "elsewhere": {"checked": elsewhere.checked, "untrue": list(elsewhere.untrue)},
        }

    def warnings(self, elsewhere: Elsewhere) -> list[str]:
        """Tell on stderr, and list, what is wrong beside the answer: a wrong index, entries that do not hold."""
        from trace_cli.formats.answer import note
        from trace_cli.reports.entry import tell_index

        found = list(tell_index(self.lookup))
        if elsewhere.untrue:
            named = ", ".join(map(str, elsewhere.untrue[:5])) + (" ..." if len(elsewhere.untrue) > 5 else "")
            text = f"this answer holds, but elsewhere the ledger does not: entry {named} was changed after signing"
            note(f"warning: {text}")
            note("  mend: trace verify")
            found.append(text)
        return found


@contextmanager
def asking(ledger: Path | None) -> Iterator[Asking]:
    """Open a snapshot to ask.

    Args:
        ledger: As `trace_cli.context.find_site`.

    Raises:
        CommandError: There is no ledger, or nothing in it is believed.
    """
    from ledger.custody.index.lookup import Lookup
    from trace_cli.context import find_site

    site = find_site(ledger)
    with site.proving() as (view, reader):
        yield Asking(site, Lookup(view, reader), "pinned" if reader.pinned else "self")
