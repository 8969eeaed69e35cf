"""Lists, page by page. A skip token is the last thing on the page before it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Final

from mhsm_model.base64url import encoded
from mhsm_model.exchange import KeyPage, ListDeletedKeys, ListKeys, ListKeyVersions
from mhsm_targets.pkcs11.instance import Instance
from mhsm_targets.pkcs11.refusals import bad_value
from mhsm_targets.pkcs11.shown import shown_deleted_item, shown_item
from mhsm_targets.pkcs11.stored import StoredKey

__all__ = ["list_deleted_keys", "list_key_versions", "list_keys"]

Listing = ListKeys | ListKeyVersions | ListDeletedKeys
_MOST: Final = 25


def list_keys(instance: Instance, request: ListKeys) -> KeyPage:
    """A page of the keys in use, by name."""
    keys = _by_name(instance, deleted=False)
    names, link = _page(instance, "/keys", sorted(keys), request)
    shown = (shown_item(instance, n, keys[n].current, versioned=False) for n in names)
    return KeyPage(tuple(shown), link)


def list_deleted_keys(instance: Instance, request: ListDeletedKeys) -> KeyPage:
    """A page of the soft-deleted keys, by name."""
    keys = _by_name(instance, deleted=True)
    names, link = _page(instance, "/deletedkeys", sorted(keys), request)
    return KeyPage(tuple(shown_deleted_item(instance, keys[name]) for name in names), link)


def list_key_versions(instance: Instance, request: ListKeyVersions) -> KeyPage:
    """A page of a key's versions, oldest first; empty where no key in use has the name."""
    key = instance.at(request.name)
    held = () if key is None or key.deleted is not None else key.versions
    # A number of ten digits in front of the identifier keeps the order, also as text.
    places = {f"{place:010}{v.version}": v for place, v in enumerate(held)}
    path = f"/keys/{request.name}/versions"
    chosen, link = _page(instance, path, list(places), request)
    shown = (shown_item(instance, request.name, places[c], versioned=True) for c in chosen)
    return KeyPage(tuple(shown), link)


def _by_name(instance: Instance, *, deleted: bool) -> dict[str, StoredKey]:
    instance.expire()
    return {key.name: key for key in instance.store if (key.deleted is not None) is deleted}


def _page(
    instance: Instance, path: str, names: Sequence[str], request: Listing
) -> tuple[Sequence[str], str | None]:
    """The names on the page, which are in ascending order, and the link to the next one."""
    asked = _MOST if request.maxresults is None else request.maxresults
    if not 1 <= asked <= _MOST:
        raise bad_value(f"maxresults is not between 1 and {_MOST}")
    size = instance.configuration.page_size
    if request.maxresults is not None:
        size = min(size, request.maxresults)
    if request.continuation is not None:
        last = _last(request.continuation)
        names = [name for name in names if name > last]
    if len(names) <= size:
        return names, None
    page = names[:size]
    token = encoded(page[-1].encode())
    return page, f"https://{instance.host}{path}?maxresults={asked}&$skiptoken={token}"


def _last(continuation: str) -> str:
    try:
        filled = continuation + "=" * (-len(continuation) % 4)
        return base64.b64decode(filled, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise bad_value("the skip token is none of this service") from None
