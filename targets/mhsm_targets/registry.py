"""The targets by name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from mhsm_targets.emulator import EmulatorFactory
from mhsm_targets.https.options import EndpointOptions, enter
from mhsm_targets.protocol import ProvableFactory, TargetFactory

__all__ = [
    "EndpointOptions",
    "UnknownTargetError",
    "proven_factory",
    "target_factory",
    "target_names",
    "use_endpoint",
    "use_module",
]


class UnknownTargetError(ValueError):
    """No target has the name; the text lists those there are."""


_MUTANT: Final = "mutant:"


def _pkcs11_factory(name: str) -> TargetFactory:
    # Loaded only here: python-pkcs11 is an extra of its own.
    try:
        from mhsm_targets.pkcs11 import factory  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UnknownTargetError(
            f"{error.name} is not installed; install mhsm-conformance with its extra `pkcs11`"
        ) from None
    if name == "softhsm":
        return factory.SoftHsmFactory()
    try:
        return factory.UserTokenFactory()
    except FileNotFoundError as error:
        name = Path(error.filename).stem
        raise UnknownTargetError(f"MHSM_PKCS11_FACTS names no profile: {name}") from None


def use_module(module: str | None, tokens: tuple[str, ...], pin_file: str | None) -> None:
    """Name the PKCS#11 module, the token labels and the PIN file that target `pkcs11` takes.

    They go into the environment, so that the processes of a run have them too; what is None or
    empty stays as it is there.
    """
    from mhsm_targets.pkcs11 import user_token  # noqa: PLC0415 - as above

    named = {
        user_token.MODULE: module,
        user_token.TOKENS: "\n".join(tokens),
        user_token.PIN_FILE: pin_file,
    }
    os.environ.update({name: value for name, value in named.items() if value})


def _https_factory() -> TargetFactory:
    # Loaded only here: requests is of an extra.
    try:
        from mhsm_targets.https.factory import https_factory  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UnknownTargetError(
            f"{error.name} is not installed; install mhsm-conformance with its extra `https`"
        ) from None
    return https_factory()


def use_endpoint(options: EndpointOptions) -> None:
    """Name the Managed HSM that target `https` takes, in the environment: see EndpointOptions."""
    enter(options)


_TARGETS: Final[dict[str, Callable[[], TargetFactory]]] = {
    "model": EmulatorFactory,
    "softhsm": lambda: _pkcs11_factory("softhsm"),
    "pkcs11": lambda: _pkcs11_factory("pkcs11"),
    "https": _https_factory,
}


def target_names() -> tuple[str, ...]:
    """The names of all targets."""
    return tuple(_TARGETS)


def target_factory(name: str) -> TargetFactory:
    """The factory of the target; raises UnknownTargetError for a name that no target has.

    `mutant:NAME` is a broken emulator, `mutant:NAME@TARGET` that target with a fault of the wire.
    """
    if name.startswith(_MUTANT):
        return _mutant_factory(name.removeprefix(_MUTANT))
    if name not in _TARGETS:
        raise UnknownTargetError(f"no target is called {name!r}; there is {', '.join(_TARGETS)}")
    return _TARGETS[name]()


def proven_factory(name: str) -> TargetFactory:
    """The factory of the target, whose targets can be had here: one was opened where that may fail.

    Raises UnknownTargetError, and TargetUnavailableError where they cannot be had.
    """
    factory = target_factory(name)
    if isinstance(factory, ProvableFactory):
        factory.prove()
    return factory


def _mutant_factory(name: str) -> TargetFactory:
    # Loaded only here: the gallery imports every chapter, and users of a target need none of it.
    from mhsm_targets.mutants.gallery import mutant  # noqa: PLC0415
    from mhsm_targets.mutants.mutant import MutantFactory  # noqa: PLC0415
    from mhsm_targets.mutants.wire_mutant import WireMutantFactory, is_wire_fault  # noqa: PLC0415

    name, _, target = name.partition("@")
    try:
        broken = mutant(name)
    except KeyError:
        raise UnknownTargetError(
            f"no mutant is called {name!r}; `mhsm mutants` lists them"
        ) from None
    if not target:
        return MutantFactory(broken)
    if not is_wire_fault(broken.fault):
        raise UnknownTargetError(
            f"{name} is no fault of the wire; only an emulator can have it: mutant:{name}"
        )
    return WireMutantFactory(target_factory(target), broken.fault)
