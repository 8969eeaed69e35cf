"""Kinds of faults that many mutants share, each with the decorator that declares one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from mhsm_model.alternatives import key_name
from mhsm_model.bundles import shown_version
from mhsm_model.exchange import (
    Call,
    Decrypt,
    Encrypt,
    KeyBundle,
    KeyPage,
    OperationResult,
    Refused,
    Reply,
    Request,
    Sign,
    Unauthenticated,
    UnwrapKey,
    WrapKey,
)
from mhsm_model.generator import Step
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.relations.secrets import Secret
from mhsm_model.state import Estate, KeyVersion
from mhsm_model.tables.algorithms import ALGORITHMS, Algorithm
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.mutants.mutant import BytesFault, CallFault, ReplyFault, StateFault, entered
from mhsm_targets.mutants.parts import (
    addressed,
    bundle_changed,
    document_changed,
    version_placed,
)

__all__ = [
    "Use",
    "wrong_bundle",
    "wrong_document",
    "wrong_headers",
    "wrong_memory",
    "wrong_page",
    "wrong_request",
    "wrong_result",
    "wrong_version",
]

Q = TypeVar("Q", bound=Request)
U = TypeVar("U", Sign, Encrypt, Decrypt, WrapKey, UnwrapKey)


def wrong_request(
    clause: str, kind: type[Q]
) -> Callable[[Callable[[Q], Request]], Callable[[Q], Request]]:
    """Declare a mutant that misreads requests of a kind."""

    def declared(change: Callable[[Q], Request]) -> Callable[[Q], Request]:
        def misread(call: Call, before: Estate) -> Call:
            if not isinstance(call.request, kind):
                return call
            return replace(call, request=change(call.request))

        entered(change, clause, CallFault(misread))
        return change

    return declared


BundleChange = Callable[[KeyBundle], KeyBundle]


def wrong_bundle(clause: str) -> Callable[[BundleChange], BundleChange]:
    """Declare a mutant that changes every key bundle shown."""

    def declared(change: BundleChange) -> BundleChange:
        def misshown(call: Call, reply: Reply, before: Estate) -> Reply:
            return bundle_changed(reply, change)

        entered(change, clause, ReplyFault(misshown))
        return change

    return declared


PageChange = Callable[[KeyPage, Call, Estate], KeyPage]


def wrong_page(clause: str, *kinds: type[Request]) -> Callable[[PageChange], PageChange]:
    """Declare a mutant that changes the pages of the lists named."""

    def declared(change: PageChange) -> PageChange:
        def misshown(call: Call, reply: Reply, before: Estate) -> Reply:
            if not isinstance(reply, KeyPage) or not isinstance(call.request, kinds):
                return reply
            return change(reply, call, before)

        entered(change, clause, ReplyFault(misshown))
        return change

    return declared


VersionChange = Callable[[Call, KeyVersion | None, KeyVersion], KeyVersion]


def wrong_version(clause: str, *kinds: type[Request]) -> Callable[[VersionChange], VersionChange]:
    """Declare a mutant that makes another version of what it should, and shows it so.

    The function gets the call, the version addressed before it, and the version after it.
    """

    def declared(change: VersionChange) -> VersionChange:
        def misdone(call: Call, before: Estate, step: Step) -> Step:
            after = addressed(step.estate, call)
            if after is None or not isinstance(step.reply, KeyBundle):
                return step
            if not isinstance(call.request, kinds):
                return step
            made = change(call, addressed(before, call), after)
            identifier = KeyIdentifier(call.host, key_name(call.request))
            material = step.estate.materials[made.material]
            configuration = step.estate.instances[call.host].configuration
            shown = shown_version(identifier, made, material, configuration)
            return replace(version_placed(step, call, made), reply=shown)

        entered(change, clause, StateFault(misdone))
        return change

    return declared


def wrong_memory(clause: str, *kinds: type[Request]) -> Callable[[VersionChange], VersionChange]:
    """Declare a mutant that answers rightly and remembers another version than it showed."""

    def declared(change: VersionChange) -> VersionChange:
        def misremembered(call: Call, before: Estate, step: Step) -> Step:
            after = addressed(step.estate, call)
            refused = isinstance(step.reply, Refused | Unauthenticated)
            if after is None or refused or not isinstance(call.request, kinds):
                return step
            return version_placed(step, call, change(call, addressed(before, call), after))

        entered(change, clause, StateFault(misremembered))
        return change

    return declared


@dataclass(frozen=True, slots=True)
class Use(Generic[U]):
    """A use of key material: the request, the algorithm it names, and the secret used."""

    request: U
    algorithm: Algorithm
    secret: Secret


ResultChange = Callable[[Use[U], OperationResult], OperationResult]


def wrong_result(clause: str, kind: type[U]) -> Callable[[ResultChange[U]], ResultChange[U]]:
    """Declare a mutant that computes wrongly; it may look at the secret."""

    def declared(change: ResultChange[U]) -> ResultChange[U]:
        def miscomputed(call: Call, before: Estate, step: Step) -> Step:
            request, reply, version = call.request, step.reply, addressed(step.estate, call)
            if version is None or not isinstance(reply, OperationResult):
                return step
            if not isinstance(request, kind):
                return step
            use = Use(request, ALGORITHMS[request.algorithm], step.vault[version.material])
            return replace(step, reply=change(use, reply))

        entered(change, clause, StateFault(miscomputed))
        return change

    return declared


DocumentChange = Callable[[dict[str, Any]], object]


def wrong_document(clause: str) -> Callable[[DocumentChange], DocumentChange]:
    """Declare a mutant that changes the JSON object of every success, in place."""

    def declared(change: DocumentChange) -> DocumentChange:
        def miswritten(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
            return document_changed(response, change) if response.status < 400 else response

        entered(change, clause, BytesFault(miswritten))
        return change

    return declared


HeaderChange = Callable[[HttpRequest, int, dict[str, str]], object]


def wrong_headers(clause: str) -> Callable[[HeaderChange], HeaderChange]:
    """Declare a mutant that changes headers in place; it is told the request and the status."""

    def declared(change: HeaderChange) -> HeaderChange:
        def miswritten(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
            headers = dict(response.headers)
            change(sent, response.status, headers)
            return replace(response, headers=headers)

        entered(change, clause, BytesFault(miswritten))
        return change

    return declared
