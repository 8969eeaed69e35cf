"""Any target served over HTTPS on loopback, for tests: `serving` runs it for a `with` block.

What serves needs the extra `server`; what is imported from here needs nothing.
"""

from mhsm_targets.server.credential import AccessToken, AsyncCredential, Credential
from mhsm_targets.server.options import ServeOptions
from mhsm_targets.server.ready import Ready, read_ready
from mhsm_targets.server.serving import Served, serving

__all__ = [
    "AccessToken",
    "AsyncCredential",
    "Credential",
    "Ready",
    "ServeOptions",
    "Served",
    "read_ready",
    "serving",
]
