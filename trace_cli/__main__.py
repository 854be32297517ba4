"""`python -m trace_cli` is `trace`."""

from trace_cli.main import run

run()
