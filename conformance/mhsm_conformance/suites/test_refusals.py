"""Refusals: a request that is right but for one thing, and the same request without it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import pytest

from mhsm_conformance.guards.scenes import POLICY
from mhsm_conformance.session import InstanceSession
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.exchange import (
    CreateKey,
    Credential,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    ImportKey,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    PurgeDeletedKey,
    RecoverDeletedKey,
    ReleasePolicy,
    Request,
    RequestedAttributes,
    Sign,
    UpdateKey,
    Verify,
)

EC: Final = CreateKey("subject", "EC")
OCT: Final = CreateKey("subject", "oct", key_size=256)
RSA: Final = CreateKey("subject", "RSA")
OFF: Final = RequestedAttributes(enabled=False)
PAST: Final = RequestedAttributes(expires=1_500_000_000)
FUTURE: Final = RequestedAttributes(not_before=2_500_000_000)
EXPORTABLE: Final = RequestedAttributes(exportable=True)
SIGN: Final = Sign("subject", None, "ES256", bytes(32))
VERIFY: Final = Verify("subject", None, "ES256", bytes(32), bytes(64))
ENCRYPT: Final = Encrypt("subject", None, "A256CBC", b"plaintext", bytes(16))
DECRYPT: Final = Decrypt("subject", None, "A256CBC", bytes(32), bytes(16))
GCM: Final = Decrypt("subject", None, "A256GCM", bytes(32), bytes(12), None, bytes(16))
TAGS: Final = {f"tag-{number}": "value" for number in range(16)}
NAMELESS: Final = ReleasePolicy(b'{"anyOf":[]}')
FROZEN: Final = ReleasePolicy(POLICY.data, immutable=True)


@dataclass(frozen=True)
class Case:
    """A clause, the requests that prepare, the one that is refused, and the one that is not."""

    clause: str
    prepare: tuple[Request, ...]
    refused: Request
    granted: Request | None = None

    def __str__(self) -> str:
        return f"{self.clause}-{type(self.refused).__name__}"


Named = (
    CreateKey
    | ImportKey
    | GetKey
    | UpdateKey
    | DeleteKey
    | GetDeletedKey
    | RecoverDeletedKey
    | PurgeDeletedKey
    | ListKeyVersions
    | Sign
    | Verify
    | Encrypt
    | Decrypt
)


def bad_names(*requests: Named) -> tuple[Case, ...]:
    """Requests with a name of forbidden characters, and with one that is too long."""
    return tuple(
        Case(clause, (), replace(request, name=name))
        for request in requests
        for clause, name in (("KEY-001", "not_a-name"), ("KEY-201", "n" * 128))
    )


JWK: Final = sample_key("EC P-256")
RSA_JWK: Final = sample_key("RSA 2048")
LONGEST: Final = "n" * 127

CASES: Final[tuple[Case, ...]] = (
    *bad_names(
        EC,
        ImportKey("subject", JWK),
        GetKey("subject"),
        UpdateKey("subject"),
        DeleteKey("subject"),
        GetDeletedKey("subject"),
        RecoverDeletedKey("subject"),
        PurgeDeletedKey("subject"),
        ListKeyVersions("subject"),
        SIGN,
        VERIFY,
        ENCRYPT,
        DECRYPT,
    ),
    Case("KEY-201", (), CreateKey("n" * 200, "EC"), CreateKey(LONGEST, "EC")),
    *(
        Case("ERR-002", (), request)
        for request in (
            GetKey("subject"),
            UpdateKey("subject"),
            DeleteKey("subject"),
            SIGN,
            VERIFY,
            ENCRYPT,
            DECRYPT,
        )
    ),
    *(
        Case("KEY-011", (EC,), request)
        for request in (
            GetKey("subject", "0" * 32),
            UpdateKey("subject", "0" * 32, tags={"a": "b"}),
            replace(SIGN, version="0" * 32),
            replace(VERIFY, version="0" * 32),
        )
    ),
    *(
        Case("ERR-003", (), request)
        for request in (
            GetDeletedKey("subject"),
            RecoverDeletedKey("subject"),
            PurgeDeletedKey("subject"),
        )
    ),
    Case("ERR-003", (EC,), GetDeletedKey("subject")),
    Case("LIFE-010", (EC, DeleteKey("subject")), RSA),
    Case("LIFE-010", (EC, DeleteKey("subject")), ImportKey("subject", JWK)),
    Case("KEY-220", (), CreateKey("subject", None), EC),
    Case("KEY-220", (), CreateKey("subject", "rsa"), RSA),
    Case("KEY-025", (), CreateKey("subject", "RSA", key_size=1024), RSA),
    Case("KEY-025", (), CreateKey("subject", "RSA", key_size=2049)),
    Case("KEY-025", (), CreateKey("subject", "oct", key_size=512), OCT),
    Case("KEY-221", (), CreateKey("subject", "EC", crv="P-512"), EC),
    Case("KEY-029", (), replace(EC, key_ops=("Sign",)), replace(EC, key_ops=("sign",))),
    Case("KEY-029", (EC,), UpdateKey("subject", None, ("fly",))),
    Case("ATTR-016", (), replace(EC, tags=TAGS), EC),
    Case("ATTR-016", (EC,), UpdateKey("subject", None, tags=TAGS)),
    Case("ATTR-216", (), replace(EC, tags={"t": "v" * 257}), replace(EC, tags={"t": "v" * 256})),
    Case("ATTR-216", (), replace(EC, tags={"t" * 257: "v"}), replace(EC, tags={"t" * 256: "v"})),
    Case(
        "SKR-001",
        (),
        replace(EC, attributes=EXPORTABLE),
        replace(EC, attributes=EXPORTABLE, release_policy=POLICY),
    ),
    Case("SKR-002", (), replace(EC, release_policy=POLICY), EC),
    Case("SKR-003", (), replace(EC, attributes=EXPORTABLE, release_policy=NAMELESS)),
    Case(
        "SKR-004",
        (replace(EC, attributes=EXPORTABLE, release_policy=FROZEN),),
        UpdateKey("subject", None, release_policy=POLICY),
        UpdateKey("subject", None, tags={"a": "b"}),
    ),
    Case("IMP-201", (), ImportKey("subject", replace(JWK, kty=None)), ImportKey("subject", JWK)),
    Case("IMP-202", (), ImportKey("subject", replace(JWK, kty="DH"))),
    *(
        Case("IMP-001", (), ImportKey("subject", replace(RSA_JWK, **{member: None})))
        for member in ("n", "e", "d", "p", "q", "dp", "dq", "qi")
    ),
    *(
        Case("IMP-001", (), ImportKey("subject", replace(JWK, **{member: None})))
        for member in ("crv", "x", "y", "d")
    ),
    Case("IMP-001", (), ImportKey("subject", replace(sample_key("oct 128"), k=None))),
    Case(
        "KEY-027",
        (),
        ImportKey("subject", sample_key("oct 520")),
        ImportKey("subject", sample_key("oct 256")),
    ),
    Case(
        "IMP-204",
        (),
        ImportKey("subject", sample_key("RSA 1024")),
        ImportKey("subject", RSA_JWK),
    ),
    Case("IMP-205", (), ImportKey("subject", replace(JWK, crv="P-257"))),
    *(Case("ATTR-009", (replace(EC, attributes=OFF),), request) for request in (SIGN, VERIFY)),
    *(Case("ATTR-009", (replace(OCT, attributes=OFF),), r) for r in (ENCRYPT, DECRYPT)),
    *(Case("ATTR-007", (replace(EC, attributes=a),), SIGN, VERIFY) for a in (PAST, FUTURE)),
    *(Case("ATTR-007", (replace(OCT, attributes=a),), ENCRYPT, DECRYPT) for a in (PAST, FUTURE)),
    Case("ALG-003", (replace(EC, key_ops=("verify",)),), SIGN, VERIFY),
    Case("ALG-003", (replace(EC, key_ops=("sign",)),), VERIFY, SIGN),
    Case("ALG-003", (replace(OCT, key_ops=("decrypt",)),), ENCRYPT, DECRYPT),
    Case("ALG-003", (replace(OCT, key_ops=("encrypt",)),), DECRYPT, ENCRYPT),
    Case("ALG-201", (EC,), replace(SIGN, algorithm="ES255"), SIGN),
    Case("ALG-201", (EC,), replace(VERIFY, algorithm="RSA-OAEP"), VERIFY),
    Case("ALG-201", (OCT,), replace(ENCRYPT, algorithm="RS256"), ENCRYPT),
    Case("ALG-201", (OCT,), replace(DECRYPT, algorithm="none"), DECRYPT),
    Case("ALG-002", (EC,), replace(SIGN, algorithm="RS256"), SIGN),
    Case("ALG-002", (EC,), replace(SIGN, algorithm="ES256K"), SIGN),
    Case("ALG-002", (RSA,), replace(VERIFY, algorithm="ES256"), None),
    Case("ALG-002", (OCT,), replace(ENCRYPT, algorithm="A128CBC"), ENCRYPT),
    Case("ALG-002", (OCT,), replace(DECRYPT, algorithm="A192CBC"), DECRYPT),
    Case("ALG-002", (RSA,), replace(SIGN, algorithm="HS256"), replace(SIGN, algorithm="RS256")),
    *(
        Case("ALG-004", (EC,), replace(SIGN, digest=bytes(length)), SIGN)
        for length in (0, 1, 31, 33, 48, 64)
    ),
    Case("ALG-004", (EC,), replace(VERIFY, digest=bytes(20)), VERIFY),
    *(
        Case(
            "ALG-011",
            (RSA,),
            Encrypt("subject", None, algorithm, bytes(longest + 1)),
            Encrypt("subject", None, algorithm, bytes(longest)),
        )
        for algorithm, longest in (("RSA1_5", 245), ("RSA-OAEP", 214), ("RSA-OAEP-256", 190))
    ),
    Case("CBC-202", (OCT,), replace(ENCRYPT, iv=bytes(12)), ENCRYPT),
    Case("CBC-202", (OCT,), replace(DECRYPT, iv=bytes(17)), DECRYPT),
    Case("CBC-005", (OCT,), replace(DECRYPT, iv=None), DECRYPT),
    Case("CBC-203", (OCT,), replace(DECRYPT, ciphertext=bytes(31)), DECRYPT),
    Case("GCM-003", (OCT,), replace(GCM, iv=None)),
    Case("GCM-003", (OCT,), replace(GCM, tag=None)),
    Case("GCM-005", (OCT,), GCM),
    Case("ALG-221", (RSA,), Decrypt("subject", None, "RSA-OAEP", bytes(255))),
    Case("ALG-221", (RSA,), Decrypt("subject", None, "RSA1_5", b"\xff" * 256)),
)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(c, id=f"{c}-{n}", marks=pytest.mark.exercises(c.clause))
        for n, c in enumerate(CASES)
    ],
)
def test_refused_for_one_reason(hsm: InstanceSession, case: Case) -> None:
    """A request that breaks one rule is refused, and the same request without the fault is not."""
    for request in case.prepare:
        hsm.send(request)
    hsm.send(case.refused)
    if case.granted is not None:
        hsm.send(case.granted)


@pytest.mark.exercises("AUTH-001", "AUTH-002", "AUTH-201", "AUTH-202", "API-204", "API-203")
@pytest.mark.parametrize("credential", [Credential.ANONYMOUS, Credential.INVALID])
@pytest.mark.parametrize(
    "request_",
    [
        EC,
        ImportKey("subject", JWK),
        GetKey("subject"),
        UpdateKey("subject"),
        ListKeys(),
        ListKeyVersions("subject"),
        ListDeletedKeys(),
        DeleteKey("subject"),
        GetDeletedKey("subject"),
        RecoverDeletedKey("subject"),
        PurgeDeletedKey("subject"),
        SIGN,
        VERIFY,
        ENCRYPT,
        DECRYPT,
        GetKey("not_a-name"),
    ],
    ids=lambda request: type(request).__name__,
)
def test_unauthenticated(hsm: InstanceSession, request_: Request, credential: Credential) -> None:
    """Without a good token every operation is refused with a challenge, before all else."""
    hsm.send(request_, credential=credential)


@pytest.mark.exercises("API-001", "API-002")
def test_api_version(hsm: InstanceSession) -> None:
    """What becomes of a request without an api-version, or with an unknown one, is recorded."""
    hsm.send(EC)
    for version in (None, "1999-01-01", "7.5"):
        hsm.send(GetKey("subject"), api_version=version)
