"""The wire: headers and bodies of successes, errors and challenges."""

from __future__ import annotations

import base64
from typing import Final

import pytest

from mhsm_conformance.guards.scenes import backed_up
from mhsm_conformance.session import InstanceSession
from mhsm_model.exchange import (
    CreateKey,
    Credential,
    DeleteKey,
    GetKey,
    ListKeys,
    PurgeDeletedKey,
    Sign,
    UpdateKey,
)
from mhsm_model.revisions import LATEST_RECORDED

MALFORMED: Final = (
    ("POST", "create", b""),
    ("POST", "create", b"{"),
    ("POST", "create", b"kty=EC"),
    ("POST", "create", b"[]"),
    ("POST", "create", b'"EC"'),
    ("POST", "create", b"null"),
    ("POST", "create", b'{"kty":1}'),
    ("POST", "create", b'{"kty":"RSA","key_size":"2048"}'),
    ("POST", "create", b'{"kty":"EC","key_ops":"sign"}'),
    ("POST", "create", b'{"kty":"EC","key_ops":[1]}'),
    ("POST", "create", b'{"kty":"EC","attributes":[]}'),
    ("POST", "create", b'{"kty":"EC","attributes":{"enabled":"true"}}'),
    ("POST", "create", b'{"kty":"EC","attributes":{"exp":"2030-01-01T00:00:00Z"}}'),
    ("POST", "create", b'{"kty":"EC","tags":["a","b"]}'),
    ("POST", "create", b'{"kty":"EC","tags":{"a":1}}'),
    ("PUT", "", b"{}"),
    ("PUT", "", b'{"key":"EC"}'),
    ("PUT", "", b'{"key":{"kty":"oct","k":12}}'),
    ("PUT", "", b'{"key":{"kty":"oct","k":"no base64!"}}'),
    ("PATCH", "", b""),
    ("PATCH", "", b"[]"),
    ("PATCH", "", b'{"tags":"a"}'),
    ("PATCH", "", b'{"attributes":{"enabled":0}}'),
    ("POST", "sign", b"{}"),
    ("POST", "sign", b'{"alg":"ES256"}'),
    ("POST", "sign", b'{"value":"AAAA"}'),
    ("POST", "sign", b'{"alg":256,"value":"AAAA"}'),
    ("POST", "sign", b'{"alg":"ES256","value":"A"}'),
    ("POST", "verify", b'{"alg":"ES256","value":"AAAA"}'),
    ("POST", "encrypt", b'{"alg":"A256CBC","value":[1,2,3]}'),
    ("POST", "decrypt", b'{"alg":"A256CBC","value":"AAAA","iv":"*_*_"}'),
    ("POST", "create", b'{"kty":NaN}'),
    ("POST", "create", b'{"kty":"EC","colour":NaN}'),
    ("POST", "create", b'{"kty":"EC"}}'),
    ("POST", "create", b'{"kty":"EC",}'),
    ("POST", "create", b"{'kty':'EC'}"),
    ("POST", "create", b'{"kty":"EC","tags":{"a":["b"]}}'),
    ("POST", "create", b'{"kty":"EC","tags":{"a":{"b":"c"}}}'),
    ("POST", "create", b'{"kty":"RSA","key_size":2048.5}'),
    ("POST", "create", b'{"kty":"RSA","key_size":9223372036854775808}'),
    ("POST", "create", b'{"kty":"RSA","key_size":true}'),
    ("POST", "create", b'{"kty":"EC","attributes":{"nbf":1e400}}'),
    ("POST", "create", b'{"kty":"EC","release_policy":"none"}'),
    ("POST", "create", b'{"kty":"EC","release_policy":{}}'),
    ("POST", "create", b"[" * 20_000),
    ("POST", "create", b'{"kty":' * 20_000),
    ("POST", "create", b'{"kty":"\xff"}'),
)


@pytest.mark.exercises("WIRE-002", "ERR-100", "ERR-101")
@pytest.mark.parametrize(("method", "action", "body"), MALFORMED)
def test_malformed_body(hsm: InstanceSession, method: str, action: str, body: bytes) -> None:
    """A body that is not the operation's is refused, and the key stays as it was."""
    hsm.send(CreateKey("subject", "EC", tags={"a": "b"}))
    version = "" if action in ("", "create") else "/"
    path = f"/keys/subject/{version}{action}".rstrip("/")
    hsm.send_message(method, f"{path}?api-version={LATEST_RECORDED}", body)
    hsm.send(GetKey("subject"))


@pytest.mark.exercises(
    "API-003",
    "API-004",
    "API-005",
    "API-008",
    "API-201",
    "API-202",
    "API-203",
    "API-204",
    "API-205",
    "ERR-100",
    "ERR-101",
    *("API-207", "API-208", "API-209"),
    "ERR-203",
    "ERR-202",
    "ERR-204",
    "WIRE-001",
    "WIRE-201",
    "WIRE-202",
    "WIRE-203",
    "WIRE-205",
    "ERR-201",
)
def test_one_of_each(hsm: InstanceSession) -> None:
    """Successes and errors of every method have the headers and members they should have."""
    hsm.send(GetKey("subject"))
    hsm.send(DeleteKey("subject"))
    hsm.send(CreateKey("subject", "EC"))
    hsm.send(CreateKey("subject", "RSA", tags={"a": "b"}))
    hsm.send(CreateKey("symmetric", "oct", key_size=128))
    hsm.send(GetKey("subject"))
    hsm.send(UpdateKey("subject", None, tags={"c": "d"}))
    hsm.send(ListKeys())
    hsm.send(Sign("subject", None, "RS256", bytes(32)))
    hsm.send(Sign("subject", None, "RS256", bytes(1)))
    hsm.send(DeleteKey("subject"))
    hsm.send(PurgeDeletedKey("subject"))
    hsm.send(PurgeDeletedKey("subject"))
    hsm.send(GetKey("symmetric"), credential=Credential.ANONYMOUS)
    hsm.send(DeleteKey("symmetric"), credential=Credential.ANONYMOUS)


@pytest.mark.exercises("API-009", "ERR-201", "KEY-212", "ALG-012")
def test_paths_in_other_spellings(hsm: InstanceSession) -> None:
    """A trailing slash, an empty version and another case of an operation's name change nothing."""
    made = hsm.created(CreateKey("subject", "EC"))
    hsm.send(CreateKey("symmetric", "oct", key_size=256))
    query = f"api-version={LATEST_RECORDED}"
    for path in (
        "/keys/subject",
        "/keys/subject/",
        f"/keys/subject/{made.kid.version}/",
        "/keys/",
        "/deletedkeys/",
        "/keys/subject/versions/",
    ):
        hsm.send_message("GET", f"{path}?{query}", b"")
    digest = b'{"alg":"ES256","value":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}'
    for path in ("/keys/subject//sign", "/keys/subject/sign", "/keys/subject//Sign"):
        hsm.send_message("POST", f"{path}?{query}", digest)
    wrapped = b'{"alg":"A256KW","value":"AAAAAAAAAAAAAAAAAAAAAA"}'
    for path in ("/keys/symmetric//wrapKey", "/keys/symmetric//wrapkey"):
        hsm.send_message("POST", f"{path}?{query}", wrapped)
    hsm.send_message("PATCH", f"/keys/subject/?{query}", b'{"tags":{"a":"b"}}')
    blob = backed_up(hsm, "symmetric")
    hsm.send(DeleteKey("symmetric"))
    hsm.send(PurgeDeletedKey("symmetric"))
    restored = b'{"value":"' + base64.urlsafe_b64encode(blob).rstrip(b"=") + b'"}'
    hsm.send_message("POST", f"/keys//restore?{query}", restored)
    hsm.send(GetKey("symmetric"))


@pytest.mark.exercises("WIRE-221")
def test_a_line_as_long_as_every_server_takes_it(hsm: InstanceSession) -> None:
    """What is wrong with a long line is not its length."""
    hsm.send(CreateKey("subject", "EC"))
    query = f"?api-version={LATEST_RECORDED}"
    for length in (2_000, 4_500, 7_800):
        hsm.send_message("GET", f"/keys/{'n' * length}{query}", b"")
        hsm.send_message("GET", f"/keys{query}&$skiptoken={'A' * length}", b"")
