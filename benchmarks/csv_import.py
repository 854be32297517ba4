# SPDX-License-Identifier: Apache-2.0
"""How long does the import of a table take, checks and commits included? Against `csv.reader` on the file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Result, best_cpu, in_turn
from benchmarks.site import DOMAIN, PRIVACY, Bench, minute
from ledger.custody.codes import Codes
from ledger.custody.exchange.column_map import ColumnMap
from ledger.custody.exchange.importer import check_files, record_checked
from ledger.custody.identity import Identifier

ROUNDS = 3


def measure(bench: Bench) -> Iterator[Result]:
    """Import a made table into fresh ledgers."""
    count = min(20_000, bench.entries)
    path = bench.fresh("table")
    _write_table(path, count)

    def ours() -> None:
        recorder = bench.recorder()
        checked = check_files([path], ColumnMap(), Codes(DOMAIN), lambda: Identifier(PRIVACY, bytes(32)))
        assert record_checked(checked, recorder, by="bench").recorded == count
        recorder.log.close()

    def bare() -> None:
        with path.open(newline="", encoding="utf-8") as file:
            for _ in csv.reader(file):
                pass

    imported, read = in_turn(ROUNDS, ours, bare)
    yield Result(
        f"import of a CSV of {count:,} rows",
        f"{count / best_cpu(imported):,.0f} rows/s",
        f"{count / best_cpu(read):,.0f} rows/s  csv.reader over the same file, best of {ROUNDS}",
        best_cpu(imported) / best_cpu(read),
    )


def _write_table(path: Path, count: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["time", "step", "product", "lot", "quantity", "unit", "place", "document"])
        for n in range(count):
            time, step, lot = f"{minute(n)}+02:00", "receiving" if n % 2 else "shipping", f"LOT-{n // 8:05d}"
            product, place = f"SKU-{n % 90}", f"DOCK-{n % 40}"
            writer.writerow([time, step, product, lot, n % 500 + 1, "kg", place, f"PO-{n // 50}"])
