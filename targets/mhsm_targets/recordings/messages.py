"""Parts of recorded messages, checked: URLs, headers, bodies, statuses and times.

Every function raises ValueError with one clause of a sentence that says what is wrong; the reader
adds the file and the place. Credentials end here: no header that holds one is passed on.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final, cast
from urllib.parse import SplitResult, urlencode, urlsplit

from mhsm_model.moments import FOREVER, Interval
from mhsm_model.tables.clouds import CLOUDS
from mhsm_model.wire.response_codec import FIXED_HEADERS

__all__ = [
    "EVERY_HEADER",
    "STRIPPED_HEADERS",
    "Address",
    "address",
    "answer_time",
    "body_bytes",
    "decompressed",
    "flat_headers",
    "has_unknown_body",
    "http_date",
    "is_opaque",
    "mapped_headers",
    "named_headers",
    "number",
    "query_text",
    "status",
    "without_credentials",
    "word",
]

STRIPPED_HEADERS: Final = frozenset({*FIXED_HEADERS, "x-ms-request-id"})
"""Headers that tools strip from recordings before they are published."""

EVERY_HEADER: Final = STRIPPED_HEADERS | {
    "content-type",
    "x-ms-build-version",
    "x-ms-keyvault-network-info",
    "x-ms-keyvault-region",
    "x-ms-server-latency",
}
"""Headers of the service that clauses ask for."""

_CREDENTIALS: Final = frozenset(
    {
        "authorization",
        "cookie",
        "proxy-authorization",
        "set-cookie",
        "x-ms-authorization-auxiliary",
    }
)
_COMPRESSIONS: Final = ("gzip", "x-gzip", "deflate")
_LARGEST_BODY: Final = 16 * 1024 * 1024
_STATUSES: Final = range(100, 600)
_METHODS_WITH_BODY: Final = frozenset({"PATCH", "POST", "PUT"})
_PORTS: Final = {"https": ":443", "http": ":80"}
_HSM_DOMAINS: Final = tuple("." + urlsplit(cloud.resource).netloc for cloud in CLOUDS)
_VAULT_DOMAINS: Final = tuple(domain.replace("managedhsm", "vault", 1) for domain in _HSM_DOMAINS)
_CONTROL_HOSTS: Final = frozenset(
    {
        "api-dogfood.resources.windows-int.net",
        "management.azure.com",
        "management.chinacloudapi.cn",
        "management.usgovcloudapi.net",
    }
)
_LOOPBACK = re.compile(r"(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\]", re.ASCII)
_OTHER_SCHEME = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*:", re.ASCII)
_UNPRINTABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a request went: the plane, the host (lower case), and path with query as sent."""

    plane: str
    host: str
    target: str

    @property
    def foreign(self) -> bool:
        """Whether no message that went there is read: it may hold tokens and secrets."""
        return self.plane in ("vault", "other")

    @property
    def shows_query(self) -> bool:
        """Whether there is a query."""
        return "?" in self.target


def word(value: Any, name: str) -> str:
    """A value that must be a text which is not empty."""
    if not isinstance(value, str) or not value or _UNPRINTABLE.search(value):
        raise ValueError(f"{name} is not a word")
    return value


def number(value: Any, name: str, permitted: range) -> int:
    """A value that must be an integer in the range."""
    if not isinstance(value, int) or isinstance(value, bool) or value not in permitted:
        raise ValueError(f"{name} is not a number from {permitted.start} to {permitted.stop - 1}")
    return value


def status(value: Any) -> int:
    """The status code of a response."""
    return number(value, "status", _STATUSES)


def address(value: Any, *, secure: bool = False) -> Address:
    """Where a URL leads; `secure` takes no other scheme than https.

    A port that the scheme implies is left out, so that one host has one name, and so is a user.
    """
    scheme = None if secure or not isinstance(value, str) else _OTHER_SCHEME.match(value)
    if scheme is not None:
        return Address("other", scheme.group(), "/")
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("url is not a printable text")
    try:
        url = urlsplit(value)
    except ValueError:
        raise ValueError("url is not a URL") from None
    known = url.scheme == "https" or (url.scheme == "http" and not secure)
    host = url.netloc.rpartition("@")[2].lower().removesuffix(_PORTS.get(url.scheme, ":"))
    if not known or not host or not host.isascii() or (secure and "@" in url.netloc):
        raise ValueError("url is not an https URL with a host")
    path = url.path or "/"
    return Address(_plane(url, host), host, f"{path}?{url.query}" if url.query else path)


def _plane(url: SplitResult, host: str) -> str:
    name = re.sub(r":\d*\Z", "", host)
    if _LOOPBACK.fullmatch(name):
        return "data"
    if url.scheme != "https":
        return "other"
    if name.endswith(_HSM_DOMAINS):
        return "data"
    if name.endswith(_VAULT_DOMAINS):
        return "vault"
    return "arm" if name in _CONTROL_HOSTS else "other"


def mapped_headers(value: Any, name: str) -> dict[str, str]:
    """Headers from an object whose values are texts or lists of texts; None has none."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{name} is not an object")
    pairs: list[tuple[Any, Any]] = []
    for header, shown in cast("dict[str, Any]", value).items():
        several = cast("Sequence[Any]", shown) if isinstance(shown, list) else [shown]
        pairs.extend((header, one) for one in several)
    return _joined(pairs, name)


def named_headers(value: Any, name: str) -> dict[str, str]:
    """Headers from a list of objects with the members `name` and `value`."""
    if not isinstance(value, list):
        raise ValueError(f"{name} is not a list")
    pairs: list[tuple[Any, Any]] = []
    for item in cast("Sequence[Any]", value):
        if not isinstance(item, dict):
            raise ValueError(f"{name} has a member that is not an object")
        header = cast("dict[str, Any]", item)
        pairs.append((header.get("name"), header.get("value")))
    return _joined(pairs, name)


def flat_headers(value: Any, name: str) -> dict[str, str]:
    """Headers from a list in which names and values take turns, or from an object."""
    if not isinstance(value, list):
        return mapped_headers(value, name)
    flat = cast("Sequence[Any]", value)
    if len(flat) % 2:
        raise ValueError(f"{name} has a name without a value")
    return _joined(zip(flat[::2], flat[1::2], strict=True), name)


def _joined(pairs: Iterable[tuple[Any, Any]], name: str) -> dict[str, str]:
    joined: dict[str, str] = {}
    for header, value in pairs:
        if not isinstance(header, str) or not header:
            raise ValueError(f"{name} has a name that is not a text")
        if not isinstance(value, str):
            raise ValueError(f"{name} has a value that is not a text")
        if _UNPRINTABLE.search(header) or _UNPRINTABLE.search(value):
            raise ValueError(f"{name} has a character that no header may have")
        lower = header.lower()
        joined[lower] = f"{joined[lower]}, {value}" if lower in joined else value
    return without_credentials(joined)


def without_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers but those that hold a credential, and those that HTTP/2 writes the request in."""
    return {
        name: value
        for name, value in headers.items()
        if name not in _CREDENTIALS and not name.startswith(":")
    }


def body_bytes(document: Any) -> bytes:
    """A body from what a recording holds for it: None, bytes, a text, or a JSON value."""
    if document is None:
        return b""
    if isinstance(document, bytes):
        return document
    if isinstance(document, str):
        try:
            return document.encode()
        except UnicodeEncodeError:
            raise ValueError("a body has a character that is half of one") from None
    try:
        return json.dumps(document, separators=(",", ":")).encode()
    except (RecursionError, TypeError):
        raise ValueError("a body is not a JSON value") from None


def decompressed(body: bytes, headers: Mapping[str, str]) -> bytes:
    """The body as its sender meant it: recorders keep some as they went over the wire.

    A body that the header Content-Encoding does not fit was already decompressed.
    """
    coding = headers.get("content-encoding", "").strip().lower()
    if coding not in _COMPRESSIONS or body[:1] not in (b"\x1f", b"\x78"):
        return body
    # The format is told by the first bytes: 32 takes both.
    reader = zlib.decompressobj(wbits=32 + zlib.MAX_WBITS)
    try:
        whole = reader.decompress(body, _LARGEST_BODY)
    except zlib.error:
        raise ValueError(f"a body is not the {coding} that its header says") from None
    if not reader.eof:
        raise ValueError(f"a body is cut off, or larger than {_LARGEST_BODY >> 20} MiB")
    return whole


def is_opaque(body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the body is compressed in a way that is not read here, such as br."""
    coding = headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity", *_COMPRESSIONS):
        return False
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False


def query_text(value: Any, *, encoded: bool = False) -> str:
    """The query of an object of texts and lists of texts; `encoded` ones are escaped already."""
    if not isinstance(value, dict):
        raise ValueError("query is not an object")
    pairs: list[tuple[str, str]] = []
    for name, shown in cast("dict[str, Any]", value).items():
        for one in cast("Sequence[Any]", shown) if isinstance(shown, list) else [shown]:
            if not isinstance(one, str | int | float):
                raise ValueError("query has a value that is not a text")
            pairs.append((name, str(one)))
    if encoded:
        return "&".join(f"{name}={one}" for name, one in pairs)
    try:
        return urlencode(pairs)
    except UnicodeEncodeError:
        raise ValueError("query has a character that is half of one") from None


def has_unknown_body(method: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a request may have had a body that is not in the recording.

    An empty one is known to be empty where the method carries none or Content-Length says 0.
    """
    return not body and method in _METHODS_WITH_BODY and headers.get("content-length") != "0"


def http_date(shown: Any) -> int | None:
    """The moment (seconds) of a date as HTTP writes it (RFC 9110); None for anything else."""
    if not isinstance(shown, str):
        return None
    try:
        moment = parsedate_to_datetime(shown)
        # Without GMT it would be taken for the local time of whoever reads it.
        made = int(moment.timestamp()) if moment.tzinfo is not None else -1
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return made if 0 <= made < FOREVER else None


def answer_time(headers: Mapping[str, str]) -> Interval | None:
    """When a response was made, by its Date header (RFC 9110) and the latency it shows."""
    made = http_date(headers.get("date"))
    if made is None:
        return None
    latency = headers.get("x-ms-server-latency", "")
    if not (latency.isascii() and latency.isdecimal() and len(latency) < 10):
        return Interval(0, made + 1)
    return Interval(max(0, made - int(latency) // 1000 - 1), made + 1)
