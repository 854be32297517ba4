# SPDX-License-Identifier: Apache-2.0
"""What looks wrong in a history: one detector a file, `registry` lists them, `alarms` bounds the false ones."""
