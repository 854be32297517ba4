# SPDX-License-Identifier: Apache-2.0
"""Recorded columns as bytes, to be kept between answers; whoever keeps them keeps their digest apart.

The bytes are a NumPy ``.npz`` archive without pickled objects. Words are numbered, and the distinct ones stand
once, in UTF-8, with NUL between them (no text of the ledger holds a NUL).
"""

import io
import zipfile
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.errors import BadTable
from forecasting.tables.recorded import ALL, GROUPS, RecordedEvents, Words, kind_of

FORMAT = 2
"""Another number whenever `record_events` gives other columns for the same events; a test holds it to that."""

_NUL = "\0"
# Beside what numpy says itself: of the archive (zlib, methods and passwords that it does not know) and of sizes.
_FAULTS = (
    OSError,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    EOFError,
    OverflowError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    zipfile.BadZipFile,
    zlib.error,
)


def pack_recorded(recorded: RecordedEvents) -> bytes:
    """Write recorded events as bytes; equal events give equal bytes."""
    arrays: dict[str, npt.NDArray[np.generic]] = {"format": np.array([FORMAT])}
    for name in ALL:
        values = getattr(recorded, name)
        if kind_of(name) is np.object_:
            arrays[f"{name}.code"], arrays[f"{name}.words"] = _number(values)
        else:
            arrays[name] = _narrowed(values) if values.dtype == np.int64 else values
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def unpack_recorded(data: bytes) -> RecordedEvents:
    """Read what `pack_recorded` wrote.

    Raises:
        BadTable: These are no such bytes, or of another format.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            if int(arrays["format"][0]) != FORMAT:
                raise BadTable(f"kept columns: expected format {FORMAT}, got {int(arrays['format'][0])}")
            found: dict[str, npt.NDArray[Any]] = {name: _read(arrays, name) for name in ALL}
    except _FAULTS as error:
        raise BadTable(f"kept columns cannot be read: {error}") from error
    for names in GROUPS:
        if len({len(found[name]) for name in names}) != 1:
            raise BadTable("kept columns are of different lengths")
    if int(found["mentions"].sum()) != len(found["item"]):
        raise BadTable("kept columns name more or fewer things than they count")
    return RecordedEvents(**found)


def _number(values: Words) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    code, words = pd.factorize(values)
    blob = _NUL.join(words.tolist()).encode()
    return _narrowed(np.asarray(code, dtype=np.int64)), np.frombuffer(blob, dtype=np.uint8)


def _read(arrays: "np.lib.npyio.NpzFile", name: str) -> npt.NDArray[Any]:
    kind = kind_of(name)
    if kind is not np.object_:
        return np.asarray(arrays[name]).astype(kind, copy=False)
    code = arrays[f"{name}.code"]
    if not len(code):
        return np.empty(0, dtype=object)
    # the place after the last word, which -1 names, is for no word
    words = [*arrays[f"{name}.words"].tobytes().decode().split(_NUL), None]
    pool = np.fromiter(words, dtype=object, count=len(words))
    return np.asarray(pool[code])


def _narrowed(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Give whole numbers in the least type that holds them."""
    if not len(values):
        return values
    low, high = int(values.min()), int(values.max())
    kind = next(
        one
        for one in (np.int8, np.int16, np.int32, np.int64)
        if np.iinfo(one).min <= low and high <= np.iinfo(one).max
    )
    return values.astype(kind)
