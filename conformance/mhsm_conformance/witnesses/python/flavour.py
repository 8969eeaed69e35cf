"""azure-keyvault-keys in its two flavours, sync and aio, so that one scene is played with both."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from importlib import import_module
from typing import Any

__all__ = ["Flavour", "flavour", "pages", "settled"]


@dataclass(frozen=True, slots=True)
class Flavour:
    """The modules of a flavour; `credentials` to `algorithms` are the same for both.

    They are found by name: what is typed in one flavour is a coroutine in the other.
    """

    name: str
    credentials: Any
    errors: Any
    shared: Any
    algorithms: Any
    keys: Any
    cryptography: Any
    identity: Any

    @property
    def is_async(self) -> bool:
        """Whether clients must be awaited."""
        return self.keys is not self.shared


def flavour(name: str) -> Flavour:
    """The flavour `sync` or `aio`. Raises ModuleNotFoundError where a client is not installed."""
    part = "" if name == "sync" else f".{name}"
    return Flavour(
        name,
        import_module("azure.core.credentials"),
        import_module("azure.core.exceptions"),
        import_module("azure.keyvault.keys"),
        import_module("azure.keyvault.keys.crypto"),
        import_module(f"azure.keyvault.keys{part}"),
        import_module(f"azure.keyvault.keys.crypto{part}"),
        import_module(f"azure.identity{part}"),
    )


async def settled(value: Any) -> Any:
    """The value, awaited where it is a coroutine."""
    return await value if inspect.isawaitable(value) else value


async def pages(listing: Any) -> list[list[Any]]:
    """All pages of a list, each with its items."""
    found: list[list[Any]] = []
    if hasattr(listing, "__aiter__"):
        async for page in listing.by_page():
            found.append([item async for item in page])
    else:
        found.extend(list(page) for page in listing.by_page())
    return found
