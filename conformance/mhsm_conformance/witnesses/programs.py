"""The witnesses: which programs they are, and the environment that they are run in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from mhsm_conformance.witnesses.judging import judged
from mhsm_conformance.witnesses.table import Outcome, Row
from mhsm_targets.server import Ready, environment, serving

__all__ = ["Witness", "rows_of", "witnesses"]

_SECONDS: Final = 900
# What would tell a client of another cloud, another certificate or another way there.
_FOREIGN: Final = ("AZURE_", "ARM_", "IDENTITY_", "IMDS_", "MSI_", "NODE_", "REQUESTS_", "SSL_")
_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")


@dataclass(frozen=True, slots=True)
class Witness:
    """A client by its name. `command` gives the program to run, its words, in a folder.

    It raises LookupError where the client is not installed; the text says what is missing.
    """

    name: str
    command: Callable[[Path], list[str]]


def witnesses(az: str | None) -> list[Witness]:
    """All of them; `az` is the path of the program, None for the one on PATH."""
    return [
        Witness("azure-keyvault-keys (sync)", lambda _: _python_command("sync")),
        Witness("azure-keyvault-keys (aio)", lambda _: _python_command("aio")),
        Witness("@azure/keyvault-keys", _node_command),
        Witness("az keyvault key", lambda _: _az_command(az)),
    ]


def rows_of(witness: Witness, target: str | None, folder: Path) -> list[Row]:
    """The rows of a witness, on a served HSM of its own.

    `target` is what is served, None for the server's default; `folder` is for the program's files.
    Raises TargetUnavailableError where the target cannot be served.
    """
    try:
        command = witness.command(folder)
    except LookupError as error:
        return [Row(witness.name, "", "testimony", Outcome.ABSENT, str(error))]
    with serving() if target is None else serving(target) as hsm:
        try:
            done = subprocess.run(
                command,
                env=_environment(hsm.ready, os.environ),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            detail = f"the program ran longer than {_SECONDS} seconds"
            return [Row(witness.name, "", "testimony", Outcome.FAILED, detail)]
    rows = judged(witness.name, done.stdout.splitlines())
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        detail = f"the program ended with status {done.returncode}: {last}"
        rows.append(Row(witness.name, "", "testimony", Outcome.FAILED, detail))
    return rows


def _environment(ready: Ready, ours: Mapping[str, str]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in ours.items()
        if not name.startswith(_FOREIGN) and name.lower() not in _PROXIES
    }
    return kept | environment(ready, kept)


def _python_command(flavour: str) -> list[str]:
    for module in ("azure.keyvault.keys", "azure.identity", "aiohttp"):
        try:
            found = find_spec(module)
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise LookupError(f"{module} is not installed (extra `clients`)")
    return [sys.executable, "-m", "mhsm_conformance.witnesses.python", flavour]


def _node_command(folder: Path) -> list[str]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise LookupError("node and npm are not installed")
    place = folder / "node"
    with as_file(files("mhsm_conformance.witnesses") / "node") as source:
        ignored = shutil.ignore_patterns("node_modules")
        shutil.copytree(source, place, dirs_exist_ok=True, ignore=ignored)
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    done = subprocess.run(
        [npm, "ci", *quiet],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        told = (done.stderr.strip().splitlines() or [""])[0]
        raise LookupError(f"npm cannot install the client: {told}")
    return [node, str(place / "witness.mjs")]


def _az_command(az: str | None) -> list[str]:
    path = shutil.which(az or "az")
    if path is None:
        raise LookupError(f"{az or 'az'} is not installed")
    return [sys.executable, "-m", "mhsm_conformance.witnesses.az", path]
