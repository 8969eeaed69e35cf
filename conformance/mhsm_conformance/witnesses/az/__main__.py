"""A witness: `python -m mhsm_conformance.witnesses.az PATH`, PATH being the program `az`.

It is told by the environment alone: AZURE_MANAGEDHSM_URL, REQUESTS_CA_BUNDLE, and the endpoint of
managed identities. The HSM is a name in a cloud that is registered for it; its host, an address,
is taken apart so that the name is the first part.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from mhsm_conformance.witnesses.az.client import Az, AzError
from mhsm_conformance.witnesses.az.resource_manager import CLOUD, resource_manager
from mhsm_conformance.witnesses.az.scenes import DEFECTS, AzScenes
from mhsm_conformance.witnesses.testimony import NOT_MODELLED, Claims, Testimony, equal


def main() -> int:
    """Testify; the status is 0 also where operations failed: the testimony says so."""
    path, url = sys.argv[1], os.environ["AZURE_MANAGEDHSM_URL"]
    name, _, suffix = urlsplit(url).netloc.partition(".")
    with (
        tempfile.TemporaryDirectory(prefix="mhsm-az-") as place,
        resource_manager(suffix, url) as manager,
    ):
        folder = Path(place)
        bundle = folder / "ca.pem"
        bundle.write_bytes(
            Path(os.environ["REQUESTS_CA_BUNDLE"]).read_bytes() + manager.certificate
        )
        az = Az(path, folder / "config", {"REQUESTS_CA_BUNDLE": str(bundle)})
        testimony = Testimony("az keyvault key", az("version")["azure-cli"], sys.stdout)
        _play(testimony, "cloud register, login --identity", lambda: _logged_in(az, manager.url))
        scenes = AzScenes(az, name, url, folder)
        for operation, play in scenes.listed().items():
            _play(testimony, operation, play)
        for (operation, play), defect in zip(
            scenes.defective().items(), DEFECTS.values(), strict=True
        ):
            _play(testimony, operation, play, defect)
        for operation, refusal in scenes.beyond().items():
            code = refusal()
            if code == NOT_MODELLED:
                testimony.is_beyond(operation, code)
            else:
                testimony.fails(operation, f"answered with {code}: is it modelled now?")
        testimony.end()
    return 0


def _logged_in(az: Az, manager: str) -> Claims:
    az("cloud", "register", "--name", CLOUD, "--endpoint-resource-manager", manager)
    az("cloud", "set", "--name", CLOUD)
    accounts = az("login", "--identity", "--allow-no-subscriptions")
    return [equal("who is logged in", "systemAssignedIdentity", accounts[0]["user"]["name"])]


def _play(
    testimony: Testimony, operation: str, play: Callable[[], Claims], defect: str | None = None
) -> None:
    try:
        testimony.shows(operation, play(), defect)
    except (AzError, KeyError, TypeError, ValueError, OSError) as error:
        testimony.fails(operation, f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    sys.exit(main())
