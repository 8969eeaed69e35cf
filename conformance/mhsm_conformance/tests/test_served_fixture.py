"""The fixtures that serve a Managed HSM to users' own tests."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra `server`)")

_TESTS = """
import json, os, ssl, urllib.request


def asked(url, ca_file, token, method="GET", body=None):
    request = urllib.request.Request(
        url + "?api-version=7.4",
        method=method,
        data=body,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    context = ssl.create_default_context(cafile=ca_file)
    with urllib.request.urlopen(request, context=context) as response:
        return json.load(response)


def test_a_key_is_made(managed_hsm):
    token = managed_hsm.credential.get_token("https://managedhsm.azure.net/.default")
    asked(
        managed_hsm.url + "/keys/k/create", managed_hsm.ca_file, token.token, "POST",
        b'{"kty": "EC-HSM"}',
    )
    listed = asked(managed_hsm.url + "/keys", managed_hsm.ca_file, token.token)
    assert len(listed["value"]) == 1
    managed_hsm.controls.advance(3600)


def test_the_next_test_sees_none_of_it(managed_hsm):
    token = managed_hsm.token()
    assert asked(managed_hsm.url + "/keys", managed_hsm.ca_file, token)["value"] == []
    assert managed_hsm.controls.state()["clock"]["ahead"] < 60


def test_an_unmodified_program_finds_it(managed_hsm_environment, managed_hsm):
    assert os.environ["AZURE_MANAGEDHSM_URL"] == managed_hsm.url
    assert os.environ["SSL_CERT_FILE"] == managed_hsm.ca_file
"""


def test_each_test_has_an_empty_managed_hsm(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(_TESTS)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=3)
