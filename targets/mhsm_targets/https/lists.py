"""Lists of an HSM that holds keys of others: what is not the check's own is left out.

Names of others never reach a check, a report or a case. A page is then shorter than it was, which
is lawful (maxresults is a maximum). A page that has nothing of the check's own and leads on is read
over, as a list of thousands would else be walked in vain.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlsplit

from mhsm_model.wire.http import HttpResponse
from mhsm_model.wire.routes import route
from mhsm_targets.https.names import NameSpace

__all__ = ["is_list_of_names", "next_target", "own_part"]


def is_list_of_names(method: str, path: str) -> bool:
    """Whether the request asks for a list of keys, or of deleted keys."""
    found = route(method, path)
    return found is not None and found.operation in ("GetKeys", "GetDeletedKeys")


def own_part(answered: HttpResponse, names: NameSpace) -> tuple[HttpResponse, bool]:
    """The page without the keys of others, and whether it has any item left.

    What has not the form of a page is left as it is, for the judge to see.
    """
    items = _items(answered)
    if items is None:
        return answered, True
    document: dict[str, Any] = answered.document()
    kept = [item for item in items if _is_own(item, names)]
    if len(kept) == len(items):
        return answered, bool(kept)
    body = json.dumps({**document, "value": kept}, separators=(",", ":")).encode()
    headers = dict(answered.headers)
    if "content-length" in headers:
        headers["content-length"] = str(len(body))
    return replace(answered, headers=headers, body=body), bool(kept)


def next_target(answered: HttpResponse, authority: str) -> str | None:
    """Path and query of the page's nextLink, or None where it leads nowhere, or to others."""
    document: Any = answered.document()
    if not isinstance(document, dict):
        return None
    link = cast("dict[str, Any]", document).get("nextLink")
    if not isinstance(link, str):
        return None
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    if parts.scheme != "https" or parts.netloc != authority or not parts.query:
        return None
    return f"{parts.path}?{parts.query}"


def _items(answered: HttpResponse) -> list[Any] | None:
    document: Any = answered.document()
    if answered.status != 200 or not isinstance(document, dict):
        return None
    items = cast("dict[str, Any]", document).get("value")
    return list(cast("Sequence[Any]", items)) if isinstance(items, list) else None


def _is_own(item: Any, names: NameSpace) -> bool:
    if not isinstance(item, dict):
        return True
    kid = cast("dict[str, Any]", item).get("kid")
    return names.has(kid) if isinstance(kid, str) else True
