# SPDX-License-Identifier: Apache-2.0
"""Faults that the forecasting rooms raise.

```
ForecastingError(ValueError)
├── BadTable           a table lacks a column or holds a value that no forecast can rest on
├── BadArgument        an argument is outside what the function promises
├── NotEnoughHistory   the table is sound and too short for what was asked
└── UnregisteredModel  the file of learnt constants is none that was released
```

Every message says what, for which value, what was expected, what came, and how to mend it.
"""


class ForecastingError(ValueError):
    """Root of everything that this package raises on purpose."""


class BadTable(ForecastingError):
    """A table handed in does not keep the rules of its kind."""


class BadArgument(ForecastingError):
    """An argument of a public function has no meaning there."""


class NotEnoughHistory(ForecastingError):
    """The history is sound and too short for the question."""


class UnregisteredModel(ForecastingError):
    """The digest of a model file is not in the register."""
