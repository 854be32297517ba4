"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trace_cli.completion import completes

Ledger = Annotated[
    Path | None,
    typer.Option(
        "--ledger", "-C", envvar="TRACE_LEDGER", help="Directory of the ledger (default: here or upward)."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
By = Annotated[str | None, typer.Option("--by", help="Who records (default: TRACE_BY, or the login name).")]
Place = Annotated[
    str | None, typer.Option("--place", help="Where: a code, a GLN or a URI.", autocompletion=completes("loc"))
]
Time = Annotated[str | None, typer.Option("--at", help="When it happened (default: now).")]
Destination = Annotated[
    str | None, typer.Option("--to", help="Where the goods go.", autocompletion=completes("loc"))
]
Source = Annotated[
    str | None, typer.Option("--from", help="Where the goods come from.", autocompletion=completes("loc"))
]
Party = Annotated[str | None, typer.Option("--party", help="Who has the goods.")]
Document = Annotated[str | None, typer.Option("--document", help="Order, delivery note, invoice.")]
Disposition = Annotated[str | None, typer.Option("--disposition", help="State of the goods, a CBV word.")]
Product = Annotated[
    str | None,
    typer.Option("--product", help="Which product it is: GTIN or code.", autocompletion=completes("class")),
]
Lot = Annotated[
    str | None, typer.Option("--lot", help="Which lot of the product.", autocompletion=completes("lot"))
]
Quantity = Annotated[str | None, typer.Option("--quantity", "-n", help="How much of the product or lot.")]
Unit = Annotated[str | None, typer.Option("--unit", help="Unit of the quantity (default: a count).")]
Anyway = Annotated[
    str | None, typer.Option("--anyway", metavar="REASON", help="Record what the ledger contradicts, with why.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Judge everything, record nothing.")]
NoInput = Annotated[bool, typer.Option("--no-input", help="Ask nothing; what is missing is a fault.")]
Holidays = Annotated[
    list[str] | None,
    typer.Option(
        "--holidays", metavar="CALENDAR", help="Holidays of a country or part, such as US or DE-BY; repeatable."
    ),
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Use only what was known then (default: the latest record).")
]
Unverified = Annotated[
    bool, typer.Option("--unverified", help="Answer even where the history does not hold; it is printed.")
]
Full = Annotated[
    bool, typer.Option("--full", help="Verify and read the whole log again, whatever was kept from before.")
]
NoRecord = Annotated[bool, typer.Option("--no-record", help="Record no decision entry.")]
Top = Annotated[int, typer.Option("--top", min=1, help="How many to show.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write to a file; the suffix says how (.json, .csv).")
]
Report = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write all to a file: .html, .xlsx, .csv, .parquet or .json."),
]
Withhold = Annotated[
    list[str] | None,
    typer.Option("--withhold", metavar="FIELD", help="Leave out the values of a private field; may be repeated."),
]
