"""Any target served over HTTPS on loopback, for tests: `serving` runs it for a `with` block.

What serves needs the extra `server`; what is imported from here needs nothing.
"""

from mhsm_targets.server.complaints import ServerFaultError
from mhsm_targets.server.control_client import ControlError, Controls
from mhsm_targets.server.credential import (
    DEFAULT_PRINCIPAL,
    AccessToken,
    AsyncCredential,
    Credential,
    fetched_token,
)
from mhsm_targets.server.environment import environment
from mhsm_targets.server.options import ServeOptions
from mhsm_targets.server.ready import Ready, read_ready
from mhsm_targets.server.serving import Served, serving

__all__ = [
    "DEFAULT_PRINCIPAL",
    "AccessToken",
    "AsyncCredential",
    "ControlError",
    "Controls",
    "Credential",
    "Ready",
    "ServeOptions",
    "Served",
    "ServerFaultError",
    "environment",
    "fetched_token",
    "read_ready",
    "serving",
]
