"""Which instance a Host header names, and the resource that its challenge has."""

from __future__ import annotations

import pytest

from mhsm_targets.server.addresses import public_host

INSTANCES = ("hsm-a", "b")


@pytest.mark.parametrize(
    ("header", "instance", "resource"),
    [
        ("127.0.0.1:8443", "hsm-a", "mhsm://0.0.1:8443"),
        ("127.0.0.2:8443", "b", "mhsm://0.0.2:8443"),
        ("127.0.0.1", "hsm-a", "mhsm://0.0.1"),
        ("hsm-a.localhost:8443", "hsm-a", "https://localhost:8443"),
        ("HSM-A.LocalHost:8443", "hsm-a", "https://localhost:8443"),
        ("b.localhost", "b", "https://localhost"),
        ("b.managedhsm.azure.net", "b", "https://managedhsm.azure.net"),
        ("b.managedhsm.azure.net:8443", "b", "https://managedhsm.azure.net"),
    ],
)
def test_every_form_names_its_instance_and_ends_in_the_resource(
    header: str, instance: str, resource: str
) -> None:
    found = public_host(header, INSTANCES)
    assert found is not None
    assert (found.instance, found.resource, found.written) == (instance, resource, header)
    # What official clients demand: the request's host ends in "." and the resource's.
    wanted = resource.partition("://")[2].partition(":")[0]
    assert header.lower().partition(":")[0].endswith(f".{wanted}")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "localhost:8443",
        "127.0.0.3:8443",
        "127.0.0.0",
        "127.0.0.01",
        "127.1.0.1",
        "c.localhost",
        "x.hsm-a.localhost",
        "hsm-a.localhost.",
        "hsm-a",
        "hsm-a.managedhsm.azure.cn",
        "127.0.0.1:x",
        "127.0.0.1:",
        "127.0.0.1:\uff18443",
        "127.0.0.1, 127.0.0.2",
        "hsm-a.localhost@127.0.0.1",
    ],
)
def test_any_other_host_names_none(header: str) -> None:
    assert public_host(header, INSTANCES) is None
