"""The traceability plan of 21 CFR 1.1315, written from what the ledger and its settings say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.chain.counting import counted

RETENTION_YEARS = 2


@dataclass(frozen=True)
class PlanFacts:
    """What a plan is made of. Texts that are empty are named as open, with the line of `trace.toml` to add.

    `tracking` counts rows by the title of their critical tracking event; `assigned` are (place, how many lot codes
    were given there, one of them).
    """

    origin: str
    day: str
    size: int
    keys: Sequence[str]
    tracking: Mapping[str, int]
    products: Sequence[tuple[str, str]]
    assigned: Sequence[tuple[str, int, str]]
    farms: Sequence[tuple[str, str]]
    records: str
    foods: str
    lot_codes: str
    contact: str
    phone: str
    map_file: str


def write_plan(facts: PlanFacts) -> tuple[str, list[tuple[str, str]]]:
    """Write the plan as Markdown.

    Returns:
        The text; and what is still open, as (what, section).
    """
    gaps: list[tuple[str, str]] = []

    def said(text: str, key: str, what: str, section: str) -> str:
        if text:
            return text
        gaps.append((what, section))
        return f'**Open ({section}):** {what}. Add to trace.toml under [fsma]: {key} = "..."'

    done = (
        ", ".join(f"{title.lower()} ({count:,})" for title, count in facts.tracking.items() if count) or "none yet"
    )
    parts = [
        f"# Traceability plan of {facts.origin}",
        f"21 CFR 1.1315. Written on {facts.day} from {counted(facts.size, 'entry')} of the ledger; to "
        f"be kept up to date, "
        f"and each earlier plan for {RETENTION_YEARS} years after it was replaced (1.1315(b)).",
        "## 1. How records are kept, and where (1.1315(a)(1))",
        f"Records are entries of the signed, hash-chained ledger {facts.origin}; its key: {'; '.join(facts.keys)}"
        ". `trace verify` shows that none was changed. On request the key data elements of 1.1325 to 1.1350 are "
        "given as an electronic sortable spreadsheet with `trace export fsma --lot LOT -o FILE.xlsx` "
        "(1.1455(c)(3)), by product, traceability lot code and days. Records are kept for "
        f"{RETENTION_YEARS} years and longer: the ledger is only ever appended to.",
        said(facts.records, "records", "who keeps which records, on what, and where copies lie", "1.1315(a)(1)"),
        f"Critical tracking events on record: {done}.",
        "## 2. How foods on the Food Traceability List are identified (1.1315(a)(2))",
        said(facts.foods, "foods", "how you find which of your foods are on the list", "1.1315(a)(2)"),
        _table(("Product", "Description"), facts.products) or "No product is on record yet.",
        "## 3. How traceability lot codes are assigned (1.1315(a)(3))",
        said(
            facts.lot_codes,
            "lot_codes",
            "how a traceability lot code is made up, and who gives it",
            "1.1315(a)(3)",
        ),
        _table(
            ("Place", "Codes assigned", "For example"),
            [(place, f"{n:,}", code) for place, n, code in facts.assigned],
        )
        or "No traceability lot code was assigned here yet.",
        "## 4. Point of contact (1.1315(a)(4))",
        said(facts.contact, "contact", "the point of contact for questions on this plan", "1.1315(a)(4)"),
        said(facts.phone, "phone", "the telephone number of the point of contact", "1.1315(a)(4)"),
    ]
    if facts.farms:
        parts += [
            "## 5. Farm map (1.1315(a)(5))",
            said(facts.map_file, "map", "the map of the areas where these foods grow", "1.1315(a)(5)"),
            _table(("Field or growing area", "Farm"), facts.farms),
        ]
    return "\n\n".join(parts) + "\n", gaps


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
