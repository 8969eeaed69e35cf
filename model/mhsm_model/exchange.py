"""The vocabulary of an exchange: a call is a request at a place and time; a reply answers it.

Requests and replies are closed unions of frozen values; this module joins them with the call's
circumstances, and is the one to import them from.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mhsm_model.moments import ANY_TIME, Interval
from mhsm_model.oddities import Oddity
from mhsm_model.release_policy import ReleasePolicy
from mhsm_model.replies import (
    Attributes,
    DeletedKeyBundle,
    DeletedKeyItem,
    Indeterminate,
    KeyBackup,
    KeyBundle,
    KeyItem,
    KeyPage,
    NoContent,
    OperationResult,
    RandomBytes,
    Refused,
    Reply,
    Unauthenticated,
    Unreadable,
    Verification,
)
from mhsm_model.requests import (
    BackupKey,
    CreateKey,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    GetRandomBytes,
    ImportKey,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    Malformed,
    NoOperation,
    PurgeDeletedKey,
    Reach,
    RecoverDeletedKey,
    Request,
    RequestedAttributes,
    RestoreKey,
    Sign,
    Unmodelled,
    UnwrapKey,
    UpdateKey,
    Verify,
    WrapKey,
)
from mhsm_model.unknown import UNKNOWN, Unknown

__all__ = [
    "Attributes",
    "BackupKey",
    "Call",
    "CreateKey",
    "Credential",
    "Decrypt",
    "DeleteKey",
    "DeletedKeyBundle",
    "DeletedKeyItem",
    "Encrypt",
    "GetDeletedKey",
    "GetKey",
    "GetRandomBytes",
    "ImportKey",
    "Indeterminate",
    "KeyBackup",
    "KeyBundle",
    "KeyItem",
    "KeyPage",
    "ListDeletedKeys",
    "ListKeyVersions",
    "ListKeys",
    "Malformed",
    "NoContent",
    "NoOperation",
    "OperationResult",
    "PurgeDeletedKey",
    "RandomBytes",
    "Reach",
    "RecoverDeletedKey",
    "Refused",
    "ReleasePolicy",
    "Reply",
    "Request",
    "RequestedAttributes",
    "RestoreKey",
    "Sign",
    "Unauthenticated",
    "Unmodelled",
    "Unreadable",
    "UnwrapKey",
    "UpdateKey",
    "Verification",
    "Verify",
    "WrapKey",
]


class Credential(Enum):
    """What a caller showed: nothing, a token that is good, or a token that is not."""

    ANONYMOUS = "anonymous"
    TOKEN = "token"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Call:
    """A request to one HSM instance, with what is known of its circumstances.

    `host` is the instance's DNS name. `time` is the closed interval from sending to the answer, in
    seconds. `api_version` is None where the request had none, `credential` and `api_version` are
    UNKNOWN where a recording does not say. `host_masked` marks a recording whose host names were
    replaced, so that hosts inside replies cannot be compared. `oddities` are the ways in which the
    message departs from what clients send, where it does.
    """

    host: str
    request: Request
    time: Interval = ANY_TIME
    api_version: str | Unknown | None = UNKNOWN
    credential: Credential | Unknown = UNKNOWN
    host_masked: bool = False
    oddities: frozenset[Oddity] = frozenset()
