"""What a client asks for a version: operations, dates, tags, release policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mhsm_model.configuration import Configuration
from mhsm_model.exchange import ReleasePolicy, RequestedAttributes
from mhsm_model.tables.errors import bad_parameter
from mhsm_model.tables.key_operations import KEY_OPERATIONS
from mhsm_model.tables.release_policies import DEFAULT_CONTENT_TYPE, has_version, normalised
from mhsm_targets.pkcs11.refusals import bad_value, refused

__all__ = ["check_dates", "check_operations", "check_policy", "check_tags", "stored_policy"]

_TAG_CHARACTERS: Final = 256
_SECURE_WRAP: Final = frozenset({"secureWrapKey", "secureUnwrapKey"})


def check_operations(asked: tuple[str, ...] | None) -> None:
    """Raise RefusedError for key_ops that are none, or that go together with `import`."""
    unknown = sorted(set(asked or ()) - KEY_OPERATIONS)
    if unknown:
        raise bad_value(f"key_ops has an unknown operation: {unknown[0]}")
    if "import" in set(asked or ()) and set(asked or ()) != {"import"}:
        raise bad_value("import excludes every other operation")


def check_dates(asked: RequestedAttributes) -> None:
    """Raise RefusedError for an exp that is not after nbf."""
    start, end = asked.not_before, asked.expires
    if start is not None and end is not None and end <= start:
        raise bad_value("exp must be after nbf")


def check_tags(configuration: Configuration, asked: Mapping[str, str] | None) -> None:
    """Raise RefusedError for too many tags, and for tags that are too long."""
    tags = asked or {}
    if len(tags) > configuration.maximum_tags:
        raise bad_value(f"More than {configuration.maximum_tags} tags")
    if any(max(len(name), len(value)) > _TAG_CHARACTERS for name, value in tags.items()):
        raise bad_value(f"A tag of more than {_TAG_CHARACTERS} characters")


def check_policy(
    policy: ReleasePolicy | None, *, exportable: bool, operations: tuple[str, ...] | None
) -> None:
    """Raise RefusedError where exportable and release policy of a new version do not agree."""
    if policy is None:
        if exportable:
            raise refused(bad_parameter("Exportable keys must have release policy"))
        return
    if not exportable and not _SECURE_WRAP & set(operations or ()):
        raise refused(bad_parameter("Non-exportable keys must not have release policy"))
    if not has_version(policy.data):
        raise refused(bad_parameter("Key Release Policy: missing 'version' property"))


def stored_policy(policy: ReleasePolicy | None) -> ReleasePolicy | None:
    """A release policy as it is kept: its text normalised, the other members filled in."""
    if policy is None:
        return None
    content_type = policy.content_type or DEFAULT_CONTENT_TYPE
    return ReleasePolicy(normalised(policy.data), content_type, bool(policy.immutable))
