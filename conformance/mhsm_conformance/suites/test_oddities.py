"""Odd messages: nobody knows whether the service takes them; either way they do no harm.

Each is sent with what it would do if it were not odd. A success must then be that, and a refusal
must leave the key as it was.
"""

from __future__ import annotations

from typing import Final

import pytest

from mhsm_conformance.session import JSON, InstanceSession
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.base64url import encoded
from mhsm_model.exchange import CreateKey, GetKey
from mhsm_model.revisions import LATEST_RECORDED

VERSION: Final = f"api-version={LATEST_RECORDED}"
SIGN: Final = f"/keys/subject/sign?{VERSION}"
KEY: Final = f"/keys/subject?{VERSION}"
DIGEST: Final = b"A" * 42 + b"E"
KEY_TO_IMPORT: Final = sample_key("oct 128").k or b""
PLAIN: Final = b"+/" * 21 + b"E"

IMPORT: Final = b'{"key":{"kty":"oct","k":"' + encoded(KEY_TO_IMPORT).encode() + b'"}}'


def signing(digest: bytes) -> bytes:
    """The body that asks for a signature, where the digest is written as told."""
    return b'{"alg":"ES256","value":"' + digest + b'"}'


ODDITIES: Final = (
    ("POST", SIGN, signing(DIGEST + b"="), JSON),
    ("POST", SIGN, signing(PLAIN), JSON),
    ("POST", SIGN, signing(DIGEST[:20] + b" " + DIGEST[20:]), JSON),
    ("POST", SIGN, signing(DIGEST[:20] + b"\\r\\n" + DIGEST[20:]), JSON),
    ("POST", SIGN, signing(DIGEST), "text/plain"),
    ("PATCH", KEY, b'{"tags":{"a":"c"}}', "application/xml"),
    ("GET", KEY, b'{"tags":{"a":"c"}}', JSON),
    ("GET", f"/keys?{VERSION}", b"x", "text/plain"),
    ("PATCH", KEY, b'{"tags":null}', JSON),
    ("PATCH", KEY, b'{"attributes":{"enabled":null}}', JSON),
    ("PATCH", KEY, b'{"attributes":null,"key_ops":null}', JSON),
    ("GET", f"/keys/subject///?{VERSION}", b"", JSON),
    ("GET", f"/keys/%73ubject?{VERSION}", b"", JSON),
    ("GET", f"/k%65ys?{VERSION}", b"", JSON),
    ("GET", f"{KEY}&{VERSION}", b"", JSON),
    ("GET", f"{KEY}&colour=green", b"", JSON),
    ("GET", f"/keys?maxresults=1&maxresults=2&{VERSION}", b"", JSON),
    ("POST", SIGN, b'{"alg":"RS256","alg":"ES256","value":"' + DIGEST + b'"}', JSON),
    ("PATCH", KEY, b'{"tags":{"a":"c"},"tags":{"a":"d"}}', JSON),
    ("POST", SIGN, signing(DIGEST)[:-1] + b',"colour":"green"}', JSON),
    ("PATCH", KEY, b'{"attributes":{"colour":["green"]}}', JSON),
    ("PATCH", KEY, b'{"tags":{"a":"c"},"colour":{"green":{"dark":1}}}', JSON),
)


@pytest.mark.exercises(
    *("WIRE-210", "WIRE-211", "WIRE-212", "WIRE-213", "WIRE-214", "WIRE-215", "WIRE-216"),
    "WIRE-217",
)
def test_odd_messages(hsm: InstanceSession) -> None:
    """What is odd is refused, or carried out as if it were not."""
    hsm.send(CreateKey("subject", "EC", tags={"a": "b"}))
    for method, target, body, content_type in ODDITIES:
        hsm.send_message(method, target, body, content_type=content_type)
        hsm.send(GetKey("subject"))


@pytest.mark.exercises("WIRE-218", "WIRE-219", "WIRE-220")
def test_large_messages(hsm: InstanceSession) -> None:
    """What is larger than clients send it is refused, or carried out."""
    hsm.send(CreateKey("subject", "EC", tags={"a": "b"}))
    hsm.send_message("POST", SIGN, b" " * (1 << 20) + signing(DIGEST))
    for length in (9_000, 70_000):
        hsm.send_message("GET", f"{KEY}&colour={'g' * length}", b"")
        hsm.send_message("GET", f"{KEY}", b"", headers={"x-colour": "g" * 2 * length})
    hsm.send(GetKey("subject"))


@pytest.mark.exercises("API-011")
def test_the_method_in_a_header(hsm: InstanceSession) -> None:
    """POST with X-HTTP-METHOD is the method that it names, or is refused."""
    made = hsm.created(CreateKey("subject", "EC", tags={"a": "b"}))
    version = f"/keys/subject/{made.kid.version}?{VERSION}"
    for named, target, body in (
        ("PATCH", KEY, b'{"tags":{"a":"c"}}'),
        ("PATCH", version, b'{"tags":{"a":"d"}}'),
        ("PUT", f"/keys/another?{VERSION}", IMPORT),
        ("DELETE", KEY, b""),
        ("DELETE", f"/deletedkeys/subject?{VERSION}", b""),
        ("DELETE", SIGN, signing(DIGEST)),
    ):
        hsm.send_message("POST", target, body, headers={"x-http-method": named})
        hsm.send(GetKey("subject"))
