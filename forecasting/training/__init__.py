# SPDX-License-Identifier: Apache-2.0
"""How the constants of the engine are learnt and measured: ``python -m forecasting.training DATA_DIR``."""
