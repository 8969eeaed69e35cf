"""The command `mhsm cleanup`: what a run that was killed left in a Managed HSM."""

from __future__ import annotations

from typing import Any, Final

import click

from mhsm_conformance.commands.endpoint_options import connection_options, told_endpoint
from mhsm_conformance.commands.options import CommandError
from mhsm_targets.protocol import PlannedFactory, TargetUnavailableError
from mhsm_targets.registry import UnknownTargetError, target_factory, use_endpoint

__all__ = ["cleanup"]

_CLEANUP_HELP: Final = """Delete and purge what a killed run left in a Managed HSM.

\b
mhsm cleanup --run-id ID --url https://NAME.managedhsm.azure.net

Only keys whose names begin with mhsm-ID- are touched, in use or soft-deleted. The options that name
the HSM and the credential are those of `mhsm run https`. Doing it twice is fine. What was done is
printed, and nothing is written.

Exit status: 0 where nothing is left; 2 where something could not be cleared, or the HSM was not to
be had.
"""


@click.command(help=_CLEANUP_HELP)
@click.option("--run-id", required=True, metavar="ID", help="The id that the run printed.")
@connection_options
def cleanup(run_id: str, **told: Any) -> None:
    """Delete and purge what a run left in a Managed HSM."""
    use_endpoint(told_endpoint({**told, "run_id": run_id}))
    try:
        factory = target_factory("https")
        lines = factory.finish() if isinstance(factory, PlannedFactory) else ()
    except (TargetUnavailableError, UnknownTargetError) as error:
        raise CommandError(str(error)) from None
    for line in lines or (f"Nothing of run {run_id} is left.",):
        click.echo(line)
