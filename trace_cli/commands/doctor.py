"""`trace doctor`: is this machine fit to keep a ledger, and how is the one here?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from trace_cli import options

if TYPE_CHECKING:
    from trace_cli.reports.health import Health

_FAIL = "fail"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(ledger: options.Ledger = None, as_json: options.Json = False) -> int:
    """Look at versions, keys, policy, pins, free space, clock, the ledger's settings and its index.

    Each line says ok, warn or fail, and how to mend it. Nothing is changed, and no history is verified: that is
    what `trace verify` does. Works where there is no ledger, too.

    \b
    Example:
      trace doctor
    """
    import os

    from ledger.chain.home import find_home
    from trace_cli.context import find_site, now
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json
    from trace_cli.reports.health import (
        Health,
        check_home,
        check_ledger,
        check_space,
        check_trust,
        check_versions,
    )

    home = find_home(os.environ)
    checks: list[Health] = [*check_versions(), *check_home(home)]
    try:
        site = find_site(ledger)
    except CommandError as error:
        # No ledger is no illness, unless one was named, or its settings cannot be read.
        status = "warn" if ledger is None and error.code is ExitCode.UNAVAILABLE else _FAIL
        checks += [Health("ledger", status, error.message, error.remedy), check_space("space", home)]
    else:
        checks += [*check_trust(site), *check_ledger(site, now()), check_space("space", site.path, home)]
    if as_json:
        write_json({"schema": "trace.doctor/1", "checks": [check.answer() for check in checks]})
    else:
        for check in checks:
            say(f"{check.status:<4}  {check.name:<12}  {check.message}")
            if check.remedy:
                say(f"                    mend: {check.remedy}")
    return int(ExitCode.FAILURE if any(check.status == _FAIL for check in checks) else ExitCode.OK)
