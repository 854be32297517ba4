"""A produce cold chain to try `trace` on: small shipped files, and the seeded generator that wrote them.

Everything in it is made up by this package, with the standard library alone. `README.md` next to this file
names every defect that is planted in it, and `sample_data.story` has the same names as constants.

Example:
    >>> with open_sample("cold-chain") as lines:
    ...     next(lines)[:22]
    'time,step,item,product'
"""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

SAMPLES = {
    "cold-chain": "cold-chain.csv.gz",
    "places": "places.csv",
    "products": "products.csv",
    "promotions": "promotions.csv",
}
"""Name of each shipped sample, and its file."""


def sample_path(name: str) -> Path:
    """Return where a shipped sample lies, for `trace import` and the like.

    Args:
        name: A name in `SAMPLES`.

    Raises:
        KeyError: If there is no sample of that name.
    """
    from importlib.resources import files

    if name not in SAMPLES:
        raise KeyError(f"sample: {name!r}: expected one of {', '.join(SAMPLES)}")
    return Path(str(files("sample_data").joinpath("small", SAMPLES[name])))


def open_sample(name: str) -> TextIO:
    """Open a shipped sample as text, unpacked; the caller closes it.

    Args:
        name: A name in `SAMPLES`.
    """
    path = sample_path(name)
    if path.suffix == ".gz":
        import gzip

        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")
