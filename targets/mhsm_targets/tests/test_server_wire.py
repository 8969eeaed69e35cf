"""A server over its own wire: hosts, challenges, tokens, controls, bounds."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra `server`)")

from mhsm_model.exchange import CreateKey, DeleteKey, GetKey, ListKeys, Sign
from mhsm_model.wire.challenge import parse_challenge
from mhsm_model.wire.http import HttpResponse
from mhsm_targets.protocol import TargetUnavailableError
from mhsm_targets.server import ControlError, Served, environment, serving
from mhsm_targets.server.data_plane import LARGEST_BODY
from mhsm_targets.tests.served import Caller, Witness, calling

EC = {"kty": "EC-HSM"}


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with serving(instances=("hsm-a", "hsm-b"), controls=True) as served:
        yield served


@pytest.fixture
def served(server: Served) -> Served:
    server.controls.reset()
    return server


def answered(response: HttpResponse | None) -> HttpResponse:
    assert response is not None
    return response


@pytest.mark.parametrize(
    ("host", "resource"),
    [
        (None, "mhsm://0.0.1:{port}"),
        ("hsm-a.localhost:{port}", "https://localhost:{port}"),
        ("hsm-a.managedhsm.azure.net", "https://managedhsm.azure.net"),
    ],
)
def test_the_challenge_and_the_names_in_answers_are_those_the_client_used(
    served: Served, host: str | None, resource: str
) -> None:
    port = served.ready.port
    name = None if host is None else host.format(port=port)
    with calling(served, token="", host=name) as stranger:
        refused = answered(stranger.send("GET", "/keys?api-version=7.4"))
        challenge = parse_challenge(refused.headers["www-authenticate"])
        assert (refused.status, refused.body) == (401, b"OK")
        assert challenge.resource == resource.format(port=port)
        ours = challenge.authority == served.ready.authority
        assert ours != (resource == "https://managedhsm.azure.net")
    with calling(served, host=name) as caller:
        begin = f"https://{caller.name}"
        for key in range(2):
            status, made = caller.call("POST", f"/keys/k{key}/create", EC)
            assert (status, made["key"]["kid"].startswith(f"{begin}/keys/k{key}/")) == (200, True)
        page = caller.call("GET", "/keys?maxresults=1")[1]
        assert page["nextLink"].startswith(f"{begin}/keys?")
        follow = page["nextLink"].removeprefix(begin)
        assert answered(caller.send("GET", follow)).document()["value"][0]["kid"].endswith("/k1")
        missing = caller.call("GET", "/keys/none")[1]
        assert f"Key not found: {begin}/keys/none" in missing["error"]["message"]
        gone = caller.call("DELETE", "/keys/k0")[1]
        assert gone["recoveryId"] == f"{begin}/deletedkeys/k0"


def test_instances_are_apart(served: Served) -> None:
    with calling(served) as one, calling(served, "hsm-b") as other:
        assert one.call("POST", "/keys/k/create", EC)[0] == 200
        assert other.call("GET", "/keys/k")[0] == 404


def test_a_bad_token_is_answered_as_none_is(served: Served) -> None:
    for token in ("", "x.y.z"):
        with calling(served, token=token) as caller:
            told = answered(caller.send("POST", "/keys/k/create?api-version=7.4", b"{}"))
            assert (told.status, told.body) == (401, b"")
    with calling(served) as caller:
        twice = {"authorization": f"Bearer {caller.token}, Bearer {caller.token}"}
        assert answered(caller.send("GET", "/keys?api-version=7.4", headers=twice)).status == 401


def test_a_host_that_no_instance_has_is_told_so(served: Served) -> None:
    hosts = {"hsm-c.localhost": 421, "vault.azure.net": 421, "127.0.0.9": 421, " ": 400}
    for host, status in {**hosts, "127.0.0.1, 127.0.0.2": 400}.items():
        caller = Caller(served.url, served.ca_file, host=host)
        told = answered(caller.send("GET", "/keys"))
        assert (told.status, told.document()["error"]["code"]) == (status, "BadParameter")
        caller.close()


def test_the_issuer_publishes_what_verifies_its_tokens(served: Served) -> None:
    caller = Caller(served.url, served.ca_file, host=f"localhost:{served.ready.port}")
    tenant = urlsplit(served.ready.authority).path
    told = answered(caller.send("GET", f"{tenant}/.well-known/openid-configuration")).document()
    assert told["issuer"] == served.ready.issuer
    keys = answered(caller.send("GET", urlsplit(str(told["jwks_uri"])).path)).document()["keys"]
    assert [(key["kty"], key["alg"]) for key in keys] == [("RSA", "RS256")]
    caller.close()


def asked(url: str, **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, None


def test_managed_identities_get_tokens_in_both_forms(served: Served) -> None:
    ready = served.ready
    variables = environment(ready)
    query = "?api-version=2019-08-01&resource=https://managedhsm.azure.net"
    metadata = f"{variables['AZURE_POD_IDENTITY_AUTHORITY_HOST']}/metadata/identity/oauth2/token"
    asked_for = (
        asked(metadata + query, Metadata="true"),
        asked(variables["IDENTITY_ENDPOINT"] + query, **{"X-IDENTITY-HEADER": ready.token_secret}),
    )
    for status, told in asked_for:
        assert (status, told["token_type"]) == (200, "Bearer")
        with calling(served, token=told["access_token"]) as caller:
            assert caller.call("GET", "/keys")[0] == 200
    assert asked(metadata + query)[0] == 400
    assert asked(metadata, Metadata="true")[0] == 400
    assert asked(ready.token_url + query, **{"X-IDENTITY-HEADER": "wrong"})[0] == 401
    assert asked(metadata + query, Metadata="true", Host="attacker.example")[0] == 400


def test_a_body_that_is_too_large_is_refused_and_the_next_request_answered(served: Served) -> None:
    with calling(served) as caller:
        told = answered(caller.send("POST", "/keys/k/create", b" " * (LARGEST_BODY + 1)))
        assert told.status == 413
        caller.close()
        assert caller.call("GET", "/keys")[0] == 200


def test_endless_headers_are_cut_off(served: Served) -> None:
    where = urlsplit(served.url)
    context = ssl.create_default_context(cafile=served.ca_file)
    with (
        socket.create_connection((where.hostname or "", where.port or 0), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname=where.hostname) as secure,
    ):
        secure.sendall(b"GET /keys HTTP/1.1\r\n")
        for _ in range(64):
            secure.sendall(b"x: " + b"y" * 4096 + b"\r\n")
        assert secure.recv(100).startswith(b"HTTP/1.1 431")


def test_other_requests_are_answered_while_a_large_key_is_made(served: Served) -> None:
    order: list[str] = []
    with calling(served) as slow, calling(served) as quick:
        assert quick.call("POST", "/keys/k/create", EC)[0] == 200

        def create() -> None:
            for number in range(2):
                made = slow.call(
                    "POST", f"/keys/r{number}/create", {"kty": "RSA-HSM", "key_size": 4096}
                )
                assert made[0] == 200
            order.append("made")

        making = threading.Thread(target=create)
        making.start()
        while making.is_alive():
            assert quick.call("GET", "/keys/k")[0] == 200
            order.append("read")
        making.join()
    assert order.index("made") > 10


def test_the_clock_is_moved_and_a_deleted_key_is_purged_when_its_time_is_over(
    served: Served,
) -> None:
    with calling(served) as caller:
        assert caller.call("POST", "/keys/k/create", EC)[0] == 200
        purged = caller.call("DELETE", "/keys/k")[1]["scheduledPurgeDate"]
        assert purged - time.time() > 89 * 86400
        assert caller.call("GET", "/deletedkeys/k")[0] == 200
        state = served.controls.advance(91 * 86400)
        assert state["clock"]["now"] > purged
        assert caller.call("GET", "/deletedkeys/k")[0] == 404
        frozen = served.controls.freeze()["clock"]
        assert caller.call("POST", "/keys/n/create", EC)[1]["attributes"]["created"] == int(
            frozen["now"]
        )
        assert frozen["frozen"] is True
    with pytest.raises(ControlError, match="does not run back"):
        served.controls.advance(-1)


def test_faults_happen_on_the_data_plane(served: Served) -> None:
    controls = served.controls
    with calling(served) as caller:
        controls.fault("throttle", seconds=3)
        told = answered(caller.send("GET", "/keys?api-version=7.4"))
        assert (told.status, told.headers["retry-after"]) == (429, "3")
        controls.fault("unavailable")
        assert answered(caller.send("GET", "/keys?api-version=7.4")).status == 503
        controls.fault("reset-before", method="POST")
        create = ("POST", "/keys/{}/create?api-version=7.4", json.dumps(EC).encode())
        assert caller.send(create[0], create[1].format("before"), create[2]) is None
        controls.fault("reset-after", path="/keys/after")
        assert caller.send(create[0], create[1].format("after"), create[2]) is None
        assert caller.call("GET", "/keys/before")[0] == 404
        assert caller.call("GET", "/keys/after")[0] == 200
        assert controls.state()["faults"] == []
        with pytest.raises(ControlError, match="a fault has a kind"):
            controls.fault("fire")


def test_a_lagging_read_answers_with_what_was_the_case(served: Served) -> None:
    with calling(served) as caller:
        served.controls.lag(600)
        assert caller.call("POST", "/keys/k/create", EC)[0] == 200
        seen = {caller.call("GET", "/keys/k")[0] for _ in range(60)}
        assert seen == {200, 404}
        served.controls.lag(0)
        assert caller.call("GET", "/keys/k")[0] == 200


def test_an_instance_is_added_while_the_server_runs(served: Served) -> None:
    name = f"new-{int(time.time())}"
    url = served.controls.add_instance(name, maximum_keys=1)
    with contextlib.closing(Caller(url, served.ca_file, served.token())) as caller:
        assert caller.call("POST", "/keys/k/create", EC)[0] == 200
        assert caller.call("POST", "/keys/l/create", EC)[0] >= 400
    with pytest.raises(ControlError, match="there is an instance"):
        served.controls.add_instance(name)
    with pytest.raises(ControlError, match="is no name of an instance"):
        served.controls.add_instance("UPPER")


def test_controls_are_not_on_the_data_plane_and_not_for_web_pages(served: Served) -> None:
    with calling(served) as caller:
        assert caller.call("POST", "/clock", {"advance": 1})[0] == 404
    url = served.ready.controls_url
    request = urllib.request.Request(f"{url}/reset", b"{}", {"content-type": "text/plain"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    refused.value.close()
    assert refused.value.code == 400


def test_the_same_seed_gives_the_same_keys() -> None:
    made: list[Any] = []
    for seed in (5, 5, None):
        with serving(seed=seed) as served, calling(served) as caller:
            kinds = (EC, {"kty": "RSA-HSM"})
            keys = [
                caller.call("POST", f"/keys/k{n}/create", kind)[1]["key"]
                for n, kind in enumerate(kinds)
            ]
            made.append([key.get("x", key.get("n")) for key in keys])
    assert made[0] == made[1] != made[2]


def test_a_server_without_controls_has_none() -> None:
    with serving() as served, pytest.raises(ValueError, match="without controls"):
        _ = served.controls


@pytest.mark.parametrize(
    ("target", "told"), [("nope", "no target is called 'nope'"), ("mutant:X", "no mutant")]
)
def test_what_cannot_be_served_is_told(target: str, told: str) -> None:
    with pytest.raises(TargetUnavailableError, match=told), serving(target):
        pass


def test_a_broken_target_is_served_broken_and_at_the_real_time() -> None:
    with serving("mutant:base64url-with-padding") as broken, calling(broken) as caller:
        made = caller.call("POST", "/keys/k/create", EC)[1]
        assert made["key"]["x"].endswith("=")
        assert abs(made["attributes"]["created"] - time.time()) < 3600


def test_the_model_judges_what_is_served(served: Served) -> None:
    with calling(served) as caller:
        witness = Witness(caller.name)
        for request in (
            CreateKey("k", "EC"),
            GetKey("k"),
            Sign("k", None, "ES256", bytes(32)),
            CreateKey("r", "RSA", 2048),
            Sign("r", None, "RS256", bytes(32)),
            ListKeys(),
            DeleteKey("k"),
            GetKey("k"),
        ):
            assert witness.send(caller, request) is not None
