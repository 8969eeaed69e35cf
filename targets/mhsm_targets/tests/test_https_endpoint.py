"""What names an HSM and a credential: every mistake is one sentence, and no secret is in one."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import pytest

from mhsm_targets.https.credentials import expiry, tokens_of
from mhsm_targets.https.endpoint import Endpoint, endpoint
from mhsm_targets.https.options import EndpointOptions, enter
from mhsm_targets.protocol import TargetUnavailableError

URL = "https://hsm-a.managedhsm.azure.net"
RESOURCE = "https://managedhsm.azure.net"


def told(**options: str | int | bool | tuple[str, ...]) -> Endpoint:
    environment: dict[str, str] = {}
    enter(EndpointOptions(**options), environment)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    return endpoint(environment)


def jwt(**claims: int) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


def test_options_travel_through_the_environment(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.touch()
    shown = told(
        urls=(URL + "/", "https://hsm-b.managedhsm.azure.net"),
        connect_to="127.0.0.1:8443",
        ca_file=str(ca_file),
        max_keys=7,
        max_minutes=3,
        staleness=0,
        no_purge=True,
        run_id="0123abcd",
    )
    assert shown.urls == (URL, "https://hsm-b.managedhsm.azure.net")
    assert shown.connect_to == ("127.0.0.1", 8443)
    assert (shown.max_keys, shown.max_minutes, shown.staleness) == (7, 3, 0)
    assert not shown.purges
    assert not shown.allow_destructive
    assert shown.prefix == "mhsm-0123abcd-"


def test_every_run_has_an_id_of_its_own_that_its_processes_share() -> None:
    environment: dict[str, str] = {}
    enter(EndpointOptions(urls=(URL,)), environment)
    first = endpoint(environment).run_id
    enter(EndpointOptions(), environment)
    assert endpoint(environment).run_id == first
    assert told(urls=(URL,)).run_id != first


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "no Managed HSM is named: use --url"),
        ({"urls": ("http://hsm-a.managedhsm.azure.net",)}, "is no https URL"),
        ({"urls": ("https://user:word@hsm-a.example",)}, "a URL of an HSM is"),
        ({"urls": ("https://hsm-a.example/keys",)}, "a URL of an HSM is"),
        ({"urls": ("https://hsm-a.example:x",)}, "is no URL"),
        ({"urls": (URL, URL + "/")}, "the two URLs are the same"),
        ({"urls": (URL, "https://b.c", "https://d.e")}, "more than two URLs"),
        ({"urls": (URL,), "connect_to": "8443"}, "no address to connect to"),
        ({"urls": (URL,), "connect_to": "h:70000"}, "no address to connect to"),
        ({"urls": (URL,), "ca_file": "/nowhere"}, "certificates /nowhere is not there"),
        ({"urls": (URL,), "run_id": "../x"}, "is no run id"),
        ({"urls": (URL,), "controls": True}, "--controls is for a server"),
        ({"ready_file": "/nowhere"}, "cannot read the ready file /nowhere"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    options: dict[str, str | bool | tuple[str, ...]], sentence: str
) -> None:
    with pytest.raises(TargetUnavailableError, match=sentence) as raised:
        told(**options)
    assert "\n" not in str(raised.value)


def test_a_number_in_the_environment_must_be_one() -> None:
    environment = {"MHSM_HTTPS_URLS": URL, "MHSM_HTTPS_MAX_KEYS": "many"}
    with pytest.raises(TargetUnavailableError, match="MHSM_HTTPS_MAX_KEYS is no whole number"):
        endpoint(environment)


@pytest.mark.parametrize(
    ("options", "local"),
    [
        ({"urls": (URL,)}, False),
        ({"urls": (URL,), "connect_to": "10.0.0.4:443"}, False),
        ({"urls": (URL,), "connect_to": "127.0.0.1:8443"}, True),
        ({"urls": ("https://127.0.0.2:8443",)}, True),
        ({"urls": ("https://127.0.0.1.example:8443",)}, False),
        ({"urls": ("https://127.0.0.2:8443", URL)}, False),
        ({"urls": ("https://hsm-a.localhost:8443",)}, True),
    ],
)
def test_only_an_endpoint_of_this_machine_is_not_paced(
    options: dict[str, str | tuple[str, ...]], local: bool
) -> None:
    assert told(**options).is_local is local


# --- credentials ------------------------------------------------------------------------------


def test_a_token_comes_from_the_environment() -> None:
    shown = endpoint({"MHSM_HTTPS_URLS": URL, "MHSM_HTTPS_TOKEN": " abc\n"})
    assert tokens_of(shown).token(RESOURCE) == "abc"
    assert "abc" not in repr(shown)


def test_a_token_file_is_read_anew_when_its_token_nears_its_end(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(jwt(exp=9_999_999_999) + "\n")
    tokens = tokens_of(told(urls=(URL,), token_file=str(file)))
    first = tokens.token(RESOURCE)
    file.write_text("another")
    assert tokens.token(RESOURCE) == first
    file.write_text(jwt(exp=1))
    with pytest.raises(TargetUnavailableError, match="has expired"):
        tokens_of(told(urls=(URL,), token_file=str(file))).token(RESOURCE)


@pytest.mark.parametrize(
    "printed", ["abc", '{"accessToken": "abc", "expires_on": 9999999999}', '{"token": "abc"}']
)
def test_a_command_prints_a_token(tmp_path: Path, printed: str) -> None:
    file = tmp_path / "printed"
    file.write_text(printed)
    command = f"{sys.executable} -c \"print(open('{file}').read())\""
    assert tokens_of(told(urls=(URL,), credential_command=command)).token(RESOURCE) == "abc"


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("/nowhere/az", "the credential command /nowhere/az is not there"),
        ("'", "is no command line"),
        (f"{sys.executable} -c \"import sys; print('secret'); sys.exit(3)\"", "with status 3"),
        (f"{sys.executable} -c \"print('two words')\"", "should be a bearer token is none"),
        (f"{sys.executable} -c 0", "should be a bearer token is none"),
    ],
)
def test_what_a_command_does_wrong_is_told_without_what_it_printed(
    command: str, sentence: str
) -> None:
    with pytest.raises(TargetUnavailableError, match=sentence) as raised:
        tokens_of(told(urls=(URL,), credential_command=command)).token(RESOURCE)
    assert "secret" not in str(raised.value)
    assert "two words" not in str(raised.value)


def test_two_sources_of_tokens_are_one_too_many(tmp_path: Path) -> None:
    shown = told(urls=(URL,), token_file=str(tmp_path / "t"), credential_command="az")
    with pytest.raises(TargetUnavailableError, match="not both"):
        tokens_of(shown)


def test_a_token_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "none")
    with pytest.raises(TargetUnavailableError, match=f"cannot read the token file {path}"):
        tokens_of(told(urls=(URL,), token_file=path)).token(RESOURCE)


@pytest.mark.parametrize(
    ("token", "ends"),
    [
        (jwt(exp=5), 5.0),
        (jwt(iat=5), None),
        ("opaque", None),
        ("a.!!.c", None),
        ("a.W10.c", None),
    ],
)
def test_the_end_of_a_jwt_is_read_and_of_anything_else_not_guessed(
    token: str, ends: float | None
) -> None:
    assert expiry(token) == ends
