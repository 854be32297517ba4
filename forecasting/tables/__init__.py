# SPDX-License-Identifier: Apache-2.0
"""The four tidy tables between the rooms, built here and nowhere else.

columns of a verified history -> events -> visits
                                        -> legs
                                        -> demand
"""

from forecasting.tables.demand import DemandChoice, choose_demand_steps, demand_table
from forecasting.tables.events import events_table
from forecasting.tables.visits import legs_table, visits_table

__all__ = [
    "DemandChoice",
    "choose_demand_steps",
    "demand_table",
    "events_table",
    "legs_table",
    "visits_table",
]
