# SPDX-License-Identifier: Apache-2.0
"""A table out of rows that were read from a file: for rooms that may not know what a table is made of."""

from collections.abc import Mapping, Sequence

import pandas as pd


def plain_table(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Make a table with the columns of the first row, its values as they are."""
    return pd.DataFrame(list(rows))
