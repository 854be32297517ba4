# SPDX-License-Identifier: Apache-2.0
"""Speed and size, each as a ratio to a limit or a peer measured in the same run (DESIGN section 7).

``python -m benchmarks [NAME...] [--small | --full]`` prints one table. One file a question; a file has a function
``measure(bench)`` that gives results. Times are CPU time unless they say wall.
"""
