"""The requests that a case can hold, by name, and the parts that they are made of."""

from __future__ import annotations

from typing import Any, Final

from mhsm_model.exchange import ReleasePolicy, RequestedAttributes
from mhsm_model.jwk import JsonWebKey
from mhsm_model.operations import OPERATIONS

__all__ = ["KINDS", "PARTS", "REQUESTS"]

REQUESTS: Final[dict[str, type[Any]]] = {row.request.__name__: row.request for row in OPERATIONS}
"""The requests of all operations, by the name of their class."""

PARTS: Final[dict[str, type[Any]]] = {
    "attributes": RequestedAttributes,
    "key": JsonWebKey,
    "release_policy": ReleasePolicy,
}
"""Members that have members of their own, by name."""

KINDS: Final[dict[str, type[Any]]] = {
    **REQUESTS,
    **{kind.__name__: kind for kind in PARTS.values()},
}
"""What a term may be made of, by the name of its class."""
