"""A witness: `python -m mhsm_conformance.witnesses.python sync|aio`, told by the environment alone.

AZURE_MANAGEDHSM_URL is the HSM's URL. Certificates and credentials are left to the clients, which
find them in the environment as well. The testimony is written to standard output.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from importlib.metadata import version

from mhsm_conformance.witnesses.python.crypto_scenes import crypto_scenes
from mhsm_conformance.witnesses.python.flavour import Flavour, flavour, settled
from mhsm_conformance.witnesses.python.identity_scenes import identity_scenes
from mhsm_conformance.witnesses.python.key_scenes import key_scenes
from mhsm_conformance.witnesses.python.stand import Stand
from mhsm_conformance.witnesses.testimony import NOT_MODELLED, Scene, Testimony


async def _testify(chosen: Flavour, url: str) -> None:
    told = f"azure-keyvault-keys ({chosen.name})"
    testimony = Testimony(told, version("azure-keyvault-keys"), sys.stdout)
    credential = chosen.identity.DefaultAzureCredential()
    stand = Stand(chosen, url, credential)
    for scene in [*key_scenes(stand), *crypto_scenes(stand), *identity_scenes(stand)]:
        await _play(scene, stand, testimony)
    await stand.close()
    await settled(credential.close())
    testimony.end()


async def _play(scene: Scene, stand: Stand, testimony: Testimony) -> None:
    try:
        if scene.is_modelled:
            testimony.shows(scene.operation, await scene.play(), scene.defect)
            return
        refused = await stand.refusal(scene.play)
        if refused is not None and refused[1] == NOT_MODELLED:
            testimony.is_beyond(scene.operation, NOT_MODELLED)
        else:
            testimony.fails(scene.operation, f"answered with {refused}: is it modelled now?")
    except Exception as error:
        # Whatever the client throws is what it has to say of the operation.
        testimony.fails(scene.operation, f"{type(error).__name__}: {error}")


def main() -> int:
    """Testify; the status is 0 also where operations failed: the testimony says so."""
    # That a client falls back to the HSM is what some scenes are for.
    logging.getLogger("azure").setLevel(logging.ERROR)
    asyncio.run(_testify(flavour(sys.argv[1]), os.environ["AZURE_MANAGEDHSM_URL"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
