# SPDX-License-Identifier: Apache-2.0
"""How things flow through places: stays, queues, and which place will choke next."""
