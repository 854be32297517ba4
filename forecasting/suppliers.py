# SPDX-License-Identifier: Apache-2.0
"""Who supplies a product, as far as history tells."""

import pandas as pd

from forecasting.tables.steps import bare_steps


def main_suppliers(events: pd.DataFrame) -> dict[str, str]:
    """Give for each product the source from which most of it came.

    Args:
        events: an events table; withdrawn rows are left out.

    Returns:
        By product, the ``source`` of its receiving and accepting events (of any event, where those name none) with
        the largest quantity, a row without one counting 1; ties by name. Products without any source are left out.
    """
    rows = events[~events["corrected"].to_numpy(dtype=bool) & events["source"].notna() & events["product"].notna()]
    arrived = rows[bare_steps(rows["step"]).isin(("receiving", "accepting", "arriving")).to_numpy(dtype=bool)]
    some = pd.concat((arrived, rows[~rows["product"].isin(set(arrived["product"]))]))
    if some.empty:
        return {}
    amounts = some.assign(amount=some["quantity"].fillna(1.0)).groupby(["product", "source"])["amount"].sum()
    table = amounts.reset_index().sort_values(["amount", "source"], ascending=[False, True], kind="stable")
    first = table.drop_duplicates("product")
    return dict(zip(first["product"].astype(str), first["source"].astype(str), strict=True))
