# SPDX-License-Identifier: Apache-2.0
"""What will happen, and what looks wrong: pure functions on tidy tables.

The public functions load on first use, so that ``import forecasting`` costs nothing and brings no pandas.
No module directly inside this package may carry the name of a public function: importing it would put
the module where the function belongs.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forecasting.demand_forecast import forecast
    from forecasting.detectors.alarms import anomalies
    from forecasting.flow.bottlenecks import bottlenecks
    from forecasting.flow.lead_times import lead_times
    from forecasting.rolling_origin import backtest

__all__ = ["anomalies", "backtest", "bottlenecks", "forecast", "lead_times"]

_HOMES = {
    "anomalies": "forecasting.detectors.alarms",
    "backtest": "forecasting.rolling_origin",
    "bottlenecks": "forecasting.flow.bottlenecks",
    "forecast": "forecasting.demand_forecast",
    "lead_times": "forecasting.flow.lead_times",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'forecasting' has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
