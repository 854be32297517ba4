# SPDX-License-Identifier: Apache-2.0
"""Forecasting models, one a file, listed in `forecasting.models.registry`."""
