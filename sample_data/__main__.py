"""Write a sample: `python -m sample_data --size full -o DIR`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from sample_data.flow import DEFAULT_SEED, generate
from sample_data.sizes import SIZES
from sample_data.write import write_sample


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate one size into a folder and say what was written."""
    parser = argparse.ArgumentParser(
        prog="python -m sample_data",
        description="Write the produce cold chain as CSV for `trace import`: same seed, same bytes.",
    )
    parser.add_argument(
        "--size", choices=tuple(SIZES), default="small", help="how much of the network (default: small)"
    )
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="a whole number (default: %(default)s)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder for the files")
    chosen = parser.parse_args(arguments)
    sample = generate(chosen.size, chosen.seed)
    for path, size in write_sample(sample, chosen.output).items():
        print(f"{path}  {size:,} bytes")
    first, last = sample.rows[0].values[0], sample.rows[-1].values[0]
    print(f"{len(sample.rows):,} events from {first} to {last}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
