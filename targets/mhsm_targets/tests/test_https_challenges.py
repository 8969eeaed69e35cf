"""The challenge of an HSM on this machine is judged as if its cloud were the public one."""

from __future__ import annotations

import pytest

from mhsm_model.tables.clouds import PUBLIC, challenged_by
from mhsm_model.wire.challenge import challenge_header, parse_challenge
from mhsm_targets.https.local_challenge import read_as_of_the_cloud

TENANT = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
CLOUD = challenge_header(f"https://{PUBLIC.authority_host}/{TENANT}", PUBLIC.resource)


@pytest.mark.parametrize(
    ("authority", "resource"),
    [
        ("127.0.0.1:8443", "mhsm://0.0.1:8443"),
        ("127.0.0.2:8443", "https://0.0.2:8443"),
        ("hsm-a.localhost:8443", "https://localhost:8443"),
    ],
)
def test_a_local_challenge_is_read_as_the_clouds(authority: str, resource: str) -> None:
    told = challenge_header(f"https://localhost:8443/{TENANT}", resource)
    assert read_as_of_the_cloud(told, authority) == CLOUD
    # What is local where the cloud's should be, and the other way round, stays wrong.
    again = parse_challenge(read_as_of_the_cloud(CLOUD, authority))
    assert challenged_by(again.authority or "", again.resource or "") is None


@pytest.mark.parametrize(
    "told",
    [
        challenge_header(f"https://login.example/{TENANT}", "mhsm://0.0.1:8443"),
        challenge_header(f"https://localhost:8443/{TENANT}", "https://vault.azure.net"),
        challenge_header("https://localhost:8443", "mhsm://0.0.1:8443"),
        challenge_header("", ""),
        'Bearer authorization="https://localhost:8443/t"',
        "Negotiate",
    ],
)
def test_a_wrong_challenge_stays_wrong(told: str) -> None:
    read = read_as_of_the_cloud(told, "127.0.0.1:8443")
    challenge = parse_challenge(read)
    authority, resource = challenge.authority or "", challenge.resource or ""
    assert challenged_by(authority, resource) is None or read != challenge_header(
        authority, resource
    )


def test_the_challenge_of_an_hsm_elsewhere_is_as_it_is() -> None:
    told = challenge_header(f"https://localhost:8443/{TENANT}", "https://example.net")
    assert read_as_of_the_cloud(told, "hsm.example.net") == told
    assert read_as_of_the_cloud(CLOUD, "hsm-a.managedhsm.azure.net") == CLOUD
