# SPDX-License-Identifier: Apache-2.0
"""Places that goods pass through, told from those at which every journey ends."""

import pandas as pd

from forecasting.flow.stays import read_moment
from forecasting.tables.events import microseconds, require_columns
from forecasting.tables.journeys import NO_TIME


def visits_passing_through(visits: pd.DataFrame, *, as_of: object) -> pd.DataFrame:
    """Leave out the visits at places that nothing had ever left.

    Args:
        visits: a visits table.
        as_of: the moment, UTC where it has no zone.

    Raises:
        BadTable: a column is missing.
        BadArgument: `as_of` is no time.
    """
    require_columns(visits, ("place", "depart"), "visits")
    depart = microseconds(visits["depart"], "visits column depart")
    left = (depart != NO_TIME) & (depart <= read_moment(as_of))
    return visits[visits["place"].isin(visits["place"][left].unique())].reset_index(drop=True)
