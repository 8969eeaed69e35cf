"""Tokens are checked: signature, key, issuer, audience and times."""

from __future__ import annotations

import hmac
import json
import time
from typing import Any

import pytest

pytest.importorskip("jwt", reason="pyjwt is not installed (extra `server`)")

import jwt
from cryptography.hazmat.primitives import serialization

from mhsm_model.base64url import encoded
from mhsm_targets.server.tokens import LIFETIME, Issuer, IssuerKey

KEY = IssuerKey.made()
ISSUER = Issuer(KEY)
RESOURCE = "mhsm://0.0.1:8443"
NOW = int(time.time())


def claims(**changed: Any) -> dict[str, Any]:
    good = jwt.decode(ISSUER.mint("alice", RESOURCE, NOW), options={"verify_signature": False})
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def signed(told: dict[str, Any], key: IssuerKey = KEY, **headers: Any) -> str:
    kid = ISSUER.key_set()["keys"][0]["kid"]
    return str(jwt.encode(told, key.private_key, "RS256", headers={"kid": kid, **headers}))


def test_a_minted_token_is_taken_for_its_resource_while_it_is_good() -> None:
    token = ISSUER.mint("alice", RESOURCE, NOW)
    for _ in range(2):
        assert ISSUER.accepts(token, RESOURCE, NOW)
        assert ISSUER.accepts(token, RESOURCE, NOW + LIFETIME - 1)
        assert not ISSUER.accepts(token, RESOURCE, NOW + LIFETIME + 61)
        assert not ISSUER.accepts(token, "https://0.0.2:8443", NOW)


def test_a_token_for_the_service_is_taken_everywhere() -> None:
    token = ISSUER.mint("alice", "https://managedhsm.azure.net", NOW)
    assert ISSUER.accepts(token, RESOURCE, NOW)
    assert ISSUER.accepts(token, "https://managedhsm.azure.net", NOW)


def test_a_principal_has_one_identity_in_all_of_its_tokens() -> None:
    tokens = [ISSUER.mint(name, RESOURCE, NOW) for name in ("alice", "alice", "bob")]
    told = [jwt.decode(token, options={"verify_signature": False})["oid"] for token in tokens]
    assert told[0] == told[1] != told[2]


@pytest.mark.parametrize(
    "token",
    [
        signed(claims(aud="https://vault.azure.net")),
        signed(claims(iss="https://sts.windows.net/x/")),
        signed(claims(tid="another")),
        signed(claims(nbf=NOW + 3600)),
        signed(claims(exp=NOW - 3600)),
        signed(claims(exp=None)),
        signed(claims(aud=None)),
        signed(claims(iss=None)),
        signed(claims(exp="soon")),
        signed(claims(), IssuerKey.made()),
        signed(claims(), kid="another"),
        jwt.encode(claims(), "secret" * 8, "HS256", headers={"kid": "x"}),
        jwt.encode(claims(), "", "none"),
        "",
        "a.b.c",
        "…",
        "x" * 100_000,
    ],
)
def test_any_other_token_is_refused(token: str) -> None:
    assert not ISSUER.accepts(token, RESOURCE, NOW)


def test_the_published_key_is_no_secret_for_another_algorithm() -> None:
    key = serialization.load_pem_private_key(KEY.private_key, None)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    kid = ISSUER.key_set()["keys"][0]["kid"]
    head = encoded(json.dumps({"alg": "HS256", "typ": "JWT", "kid": kid}).encode())
    signing = f"{head}.{encoded(json.dumps(claims()).encode())}"
    mac = hmac.digest(public, signing.encode(), "sha256")
    assert not ISSUER.accepts(f"{signing}.{encoded(mac)}", RESOURCE, NOW)


def test_the_key_set_verifies_what_was_minted() -> None:
    key = jwt.PyJWKSet.from_dict(ISSUER.key_set()).keys[0]
    told = jwt.decode(ISSUER.mint("bob", RESOURCE, NOW), key, ["RS256"], audience=RESOURCE)
    assert told["name"] == "bob"
    assert "d" not in ISSUER.key_set()["keys"][0]
