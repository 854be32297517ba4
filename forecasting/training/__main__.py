# SPDX-License-Identifier: Apache-2.0
"""Learn the constants of the engine and measure them by cross-validation over series.

usage: python -m forecasting.training DATA_DIR [--only CLASS,...] [--write] [--forecasts FILE.parquet]
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from forecasting.engine.learnt import Learnt, to_plain
from forecasting.training.crossing import cross_fit
from forecasting.training.samples import BASES, Batch, make_batches

ORIGINS = 4
TARGET = Path(__file__).parent.parent / "engine" / "learnt.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn every class, print what was measured, and write ``learnt.json`` where asked to."""
    parser = argparse.ArgumentParser(prog="python -m forecasting.training", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--forecasts", type=Path)
    options = parser.parse_args(arguments)
    by_class: dict[str, list[Batch]] = {}
    for group in BASES:
        for batch in make_batches(options.data, group, ORIGINS):
            by_class.setdefault(batch.prepared.kind, []).append(batch)
    wanted = options.only.split(",") if options.only else list(by_class)
    classes: dict[str, Learnt] = {}
    tables = []
    for kind in wanted:
        crossed = cross_fit(kind, by_class[kind])
        classes[kind] = crossed.learnt
        tables.append(crossed.forecasts)
        sys.stdout.write(f"{kind}: {len(crossed.forecasts)} rows; {json.dumps(crossed.summary)}\n")
        sys.stdout.flush()
    if options.forecasts:
        import pandas as pd

        pd.concat(tables, ignore_index=True).to_parquet(options.forecasts, index=False)
    if options.write:
        plain = json.loads(TARGET.read_text(encoding="utf-8"))["classes"] if TARGET.exists() else {}
        plain.update({kind: to_plain(learnt) for kind, learnt in classes.items()})
        TARGET.write_text(
            compact({"made_by": "python -m forecasting.training DATA_DIR --write", "classes": plain}),
            encoding="utf-8",
        )
    return 0


def compact(plain: object) -> str:
    """Write JSON with a line for every list of numbers."""
    import re

    text = json.dumps(plain, indent=1, ensure_ascii=False)
    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda match: "[" + re.sub(r"\s+", " ", match[1]) + "]", text)
    return text + "\n"


if __name__ == "__main__":
    sys.exit(main())
