# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks [NAME...] [--small | --full]``: measure, and print one table."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Result
from benchmarks.site import Bench

QUESTIONS = (
    "startup",
    "session_append",
    "dock",
    "bulk_import",
    "full_verify",
    "quick_verify",
    "file_size",
    "proven_entry",
    "growth",
    "csv_import",
    "food_export",
    "anomalies",
    "dock_check",
    "trace_graph",
    "epcis_import",
    "event_hash",
    "forecast_cpu",
    "forecast_peer",
    "forecast_growth",
    "forecast_accuracy",
)
HEADER = ("question", "ours", "limit, measured in the same run", "ratio", "budget", "met")
ROOM = Path(__file__).resolve().parents[1] / ".bench"


def main() -> int:
    """Run what was asked for; 1 if a budget is not met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(QUESTIONS)} (default: all)")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--small", action="store_true", help="20,000 entries: quick, and rough")
    size.add_argument("--full", action="store_true", help="1,000,000 entries")
    chosen = parser.parse_args()
    if unknown := sorted(set(chosen.names) - set(QUESTIONS)):
        parser.error(f"no benchmark is called {unknown[0]!r}; there are {', '.join(QUESTIONS)}")
    ROOM.mkdir(exist_ok=True)
    results: list[Result] = []
    with TemporaryDirectory(dir=ROOM) as folder:
        bench = Bench(Path(folder), 20_000 if chosen.small else 1_000_000 if chosen.full else 200_000)
        for name in chosen.names or QUESTIONS:
            print(f"measuring {name} ...", file=sys.stderr)
            results += importlib.import_module(f"benchmarks.{name}").measure(bench)
    print_table(results)
    return int(any(result.met is False for result in results))


def print_table(results: list[Result]) -> None:
    """Print one line for each result."""
    words = {True: "yes", False: "NO", None: "told"}
    lines = [HEADER]
    lines += [
        (r.question, r.ours, r.limit, f"{r.ratio:.2f}", r.budget_text, words[r.met])
        for r in sorted(results, key=lambda result: result.met is None)
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


if __name__ == "__main__":
    sys.exit(main())
