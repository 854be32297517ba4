"""What the commands on the food traceability rule share: verified events, settings, descriptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from ledger.custody.fsma.sheets import Describe, Scope, Workbook
    from trace_cli.context import Site


def make_scope(
    site: Site, products: Sequence[str], lots: Sequence[str], first: str | None, last: str | None
) -> Scope:
    """Read what was asked for.

    Raises:
        Refused: A code or a day is malformed.
    """
    from ledger.custody.fsma.sheets import Scope, read_day

    wanted: set[str] = set()
    for lot in lots:
        wanted |= {lot, *site.codes.candidates(lot)}
    return Scope(
        frozenset(site.codes.product(code) for code in products),
        frozenset(wanted),
        read_day(first, "--from") if first else None,
        read_day(last, "--to") if last else None,
    )


def read_workbook(site: Site, scope: Scope) -> tuple[Workbook, dict[str, Any]]:
    """Verify the ledger and fill the sheets from it; give them with the head that they rest on.

    Raises:
        CommandError: The history does not hold.
    """
    from ledger.chain.verify import verify
    from ledger.custody.fsma.sheets import make_workbook, read_food_events

    policy = site.believed_policy()
    with site.reading() as (view, pin):
        verdict = verify(view, origin=site.origin, policy=policy, pin=pin)
        if verdict.word != "ok":
            raise CommandError(
                ExitCode.NOT_VERIFIED,
                f"this history does not hold ({verdict.word}), so nothing is made of it",
                remedy="trace verify",
            )
        book = make_workbook(
            read_food_events(view, verdict.size),
            scope,
            short=site.codes.short,
            describe=describer(site),
            make_lot=lambda product, lot: site.codes.lot(lot, product),
            landings=frozenset(site.codes.place(code) for code in site.settings.strings("fsma", "landings")),
        )
    return book, {"origin": verdict.origin, "size": verdict.size, "root": verdict.root.hex()}


def describer(site: Site) -> Describe:
    """Say how places and products are described, by the settings of this ledger."""
    known: dict[str, Mapping[str, str]] = {}
    for room, read in (("places", site.codes.place), ("products", site.codes.product)):
        table = site.settings.table.get("fsma", {}).get(room, {})
        for code, parts in table.items() if isinstance(table, dict) else ():
            if isinstance(parts, dict):
                known[read(code)] = {str(key): str(value) for key, value in parts.items()}
    return lambda uri: known.get(uri, {})
