# SPDX-License-Identifier: Apache-2.0
"""The batched engine: arrays of series x parameter grid, combined with learnt weights, with calibrated
quantiles."""
