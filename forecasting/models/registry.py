# SPDX-License-Identifier: Apache-2.0
"""The models that can be asked for by name: one line a model."""

from types import MappingProxyType

from forecasting.errors import BadArgument
from forecasting.models.base import Model
from forecasting.models.ets import Ets
from forecasting.models.naive import Naive
from forecasting.models.sarimax import Sarimax
from forecasting.models.seasonal_naive import SeasonalNaive
from forecasting.models.theta import Theta
from forecasting.models.unobserved_components import Components

MODELS: MappingProxyType[str, Model] = MappingProxyType(
    {model.name: model for model in (SeasonalNaive(), Ets(), Theta(), Sarimax(), Components(), Naive())}
)
"""Every model by its name."""

CANDIDATES = ("ets", "theta", "sarimax", "unobserved_components", "seasonal_naive")
"""What the engine ``statsmodels`` chooses from; the first unless another is clearly better."""


def find_models(names: tuple[str, ...]) -> tuple[Model, ...]:
    """Find models by name.

    Raises:
        BadArgument: a name is not in the registry, comes twice, or none is given.
    """
    unknown = [name for name in names if name not in MODELS]
    if unknown or not names or len(set(names)) < len(names):
        raise BadArgument(f"models: expected different names out of {', '.join(MODELS)}, got {list(names)}")
    return tuple(MODELS[name] for name in names)
