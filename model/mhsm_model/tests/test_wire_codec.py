"""The codec: what one half writes, the other reads back; and the bytes keep the wire's clauses."""

from __future__ import annotations

import json
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy

from mhsm_model.exchange import (
    Attributes,
    BackupKey,
    CreateKey,
    Decrypt,
    DeletedKeyBundle,
    DeletedKeyItem,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    GetRandomBytes,
    ImportKey,
    Indeterminate,
    KeyBackup,
    KeyBundle,
    KeyItem,
    KeyPage,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    Malformed,
    NoContent,
    NoOperation,
    OperationResult,
    PurgeDeletedKey,
    RandomBytes,
    Reach,
    RecoverDeletedKey,
    Refused,
    ReleasePolicy,
    Reply,
    Request,
    RequestedAttributes,
    RestoreKey,
    Sign,
    Unauthenticated,
    Unmodelled,
    Unreadable,
    UnwrapKey,
    UpdateKey,
    Verification,
    Verify,
    WrapKey,
)
from mhsm_model.identifiers import KeyIdentifier, parse_key_identifier
from mhsm_model.judgement import Judgement
from mhsm_model.jwk import EcPublic, JsonWebKey, RsaPublic
from mhsm_model.tests.drawn_requests import Memory, draw_request
from mhsm_model.tests.scenes import HOSTS, STRICT, scene
from mhsm_model.wire.challenge import challenge_header, parse_challenge
from mhsm_model.wire.exchange import wire_exchange
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.judge import with_bytes
from mhsm_model.wire.reply_codec import decode_reply
from mhsm_model.wire.request_decoding import decode_request
from mhsm_model.wire.request_encoding import encode_request
from mhsm_model.wire.response_codec import ServerMarks, encode_reply

HOST: Final = HOSTS[0]
MARKS: Final = ServerMarks("00000000-0000-1000-8000-000000000000")
PROPERTY: Final = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

TEXTS: Final = st.text(max_size=8)
OCTETS: Final = st.binary(max_size=20)
SOME_OCTETS: Final = st.binary(min_size=1, max_size=20)
NUMBERS: Final = st.integers(-(2**63), 2**63 - 1)
# A path cannot hold just any name: these have no meaning of their own there.
NAMES: Final = st.text("abc-XYZ019 _é%?#/&=+~", min_size=1, max_size=8).map(lambda n: f"k{n}")
VERSIONS: Final = st.none() | st.text("0123456789abcdef", min_size=1, max_size=40)
TAGS: Final = st.none() | st.dictionaries(TEXTS, TEXTS, max_size=3)
OPERATIONS: Final = st.none() | st.lists(TEXTS, max_size=3).map(tuple)
POLICIES: Final = st.none() | st.builds(
    ReleasePolicy, OCTETS, st.none() | TEXTS, st.none() | st.booleans()
)
ASKED: Final = st.builds(
    RequestedAttributes,
    st.none() | st.booleans(),
    st.none() | NUMBERS,
    st.none() | NUMBERS,
    st.none() | st.booleans(),
)
KEYS: Final = st.builds(
    JsonWebKey,
    st.none() | TEXTS,
    st.none() | TEXTS,
    OPERATIONS,
    **{
        name: st.none() | OCTETS
        for name in ("n", "e", "x", "y", "d", "p", "q", "dp", "dq", "qi", "k")
    },
)
MAYBE_OCTETS: Final = st.none() | OCTETS
REQUESTS: Final[SearchStrategy[Request]] = st.one_of(
    st.builds(
        CreateKey,
        NAMES,
        st.none() | TEXTS,
        st.none() | NUMBERS,
        st.none() | TEXTS,
        st.none() | NUMBERS,
        OPERATIONS,
        ASKED,
        TAGS,
        POLICIES,
    ),
    st.builds(ImportKey, NAMES, KEYS, ASKED, TAGS, POLICIES),
    st.builds(UpdateKey, NAMES, VERSIONS, OPERATIONS, ASKED, TAGS, POLICIES),
    st.builds(GetKey, NAMES, VERSIONS),
    st.builds(ListKeys, st.none() | NUMBERS, st.none() | TEXTS),
    st.builds(ListDeletedKeys, st.none() | NUMBERS, st.none() | TEXTS),
    st.builds(ListKeyVersions, NAMES, st.none() | NUMBERS, st.none() | TEXTS),
    *(
        st.builds(kind, NAMES)
        for kind in (DeleteKey, GetDeletedKey, RecoverDeletedKey, PurgeDeletedKey, BackupKey)
    ),
    st.builds(Sign, NAMES, VERSIONS, TEXTS, OCTETS),
    st.builds(Verify, NAMES, VERSIONS, TEXTS, OCTETS, OCTETS),
    st.builds(Encrypt, NAMES, VERSIONS, TEXTS, OCTETS, MAYBE_OCTETS, MAYBE_OCTETS),
    st.builds(Decrypt, NAMES, VERSIONS, TEXTS, OCTETS, MAYBE_OCTETS, MAYBE_OCTETS, MAYBE_OCTETS),
    st.builds(WrapKey, NAMES, VERSIONS, TEXTS, OCTETS, MAYBE_OCTETS, MAYBE_OCTETS),
    st.builds(UnwrapKey, NAMES, VERSIONS, TEXTS, OCTETS, MAYBE_OCTETS, MAYBE_OCTETS, MAYBE_OCTETS),
    st.builds(RestoreKey, OCTETS),
    st.builds(GetRandomBytes, NUMBERS),
)


# --- requests -------------------------------------------------------------------------------------


@PROPERTY
@given(REQUESTS)
def test_a_request_is_read_as_it_was_written(request_: Request) -> None:
    assert decode_request(encode_request(request_, HOST, "7.5", "token")) == request_


@PROPERTY
@given(st.data())
def test_a_request_that_tests_send_is_read_as_it_was_written(data: DataObject) -> None:
    request = draw_request(data, Memory())
    if not isinstance(request, Malformed | NoOperation | Unmodelled):
        assert decode_request(encode_request(request, HOST, None, None)) == request


@pytest.mark.parametrize(
    "request_",
    [Malformed("CreateKey", "a", ""), NoOperation("GET", "/"), Unmodelled("X", Reach.NOTHING)],
)
def test_what_is_no_request_has_no_rest_form(request_: Request) -> None:
    with pytest.raises(TypeError, match="has no REST form"):
        encode_request(request_, HOST, None, None)


def test_the_circumstances_of_a_request_are_in_its_head() -> None:
    sent = encode_request(ListKeys(5, "a b"), HOST, "7.5", "token")
    assert sent.headers["authorization"] == "Bearer token"
    assert sent.query == {"maxresults": "5", "$skiptoken": "a b", "api-version": "7.5"}
    assert sent.body == b""
    bare = encode_request(GetKey("a"), HOST, None, None)
    assert (bare.target, bare.method) == ("/keys/a/", "GET")
    assert "authorization" not in bare.headers


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("GET", "/keys", ListKeys()),
        ("GET", "/keys/", ListKeys()),
        ("GET", "/keys/a", GetKey("a")),
        ("GET", "/keys/a/", GetKey("a")),
        ("GET", "/keys/a/1f/", GetKey("a", "1f")),
        ("GET", "/keys/a%2Fb", GetKey("a/b")),
        ("GET", "/keys/a/versions/", ListKeyVersions("a")),
        ("GET", "/keys?maxresults=2&maxresults=3", ListKeys(3)),
        ("GET", "/deletedkeys/", ListDeletedKeys()),
        ("GET", "/deletedkeys/a/", GetDeletedKey("a")),
        ("DELETE", "/keys/a/", DeleteKey("a")),
        ("POST", "/deletedkeys/a/recover/", RecoverDeletedKey("a")),
        ("POST", "/keys/a//sign", Sign("a", None, "ES256", b"")),
        ("POST", "/keys/a/sign", Sign("a", None, "ES256", b"")),
        ("POST", "/keys/a/1f/SIGN", Sign("a", "1f", "ES256", b"")),
        ("POST", "/keys/a/1f/wrapKey", WrapKey("a", "1f", "ES256", b"")),
        ("POST", "/keys/a/1f/wrapkey", WrapKey("a", "1f", "ES256", b"")),
        ("POST", "/keys/a//unwrapkey", UnwrapKey("a", None, "ES256", b"")),
        ("POST", "/keys/a/1f/release", Unmodelled("Release", Reach.USE, "a")),
        ("POST", "/keys/a/backup", BackupKey("a")),
        ("POST", "/keys/a/rotate", Unmodelled("RotateKey", Reach.NAME, "a")),
        ("POST", "/keys/restore", RestoreKey(b"")),
        ("POST", "/keys//restore", RestoreKey(b"")),
        ("PUT", "/restore", Unmodelled("PUT /restore", Reach.INSTANCE)),
        ("POST", "/rng", GetRandomBytes(16)),
        ("GET", "/rng", NoOperation("GET", "/rng")),
        ("PATCH", "/keys", NoOperation("PATCH", "/keys")),
        ("GET", "/keys/a/b/c/d", NoOperation("GET", "/keys/a/b/c/d")),
        ("GET", "/", NoOperation("GET", "/")),
        ("GET", "/keys//a", NoOperation("GET", "/keys//a")),
        ("PUT", "/keys/a/1f/sign", NoOperation("PUT", "/keys/a/1f/sign")),
        ("POST", "/keys/a/1f/copy", NoOperation("POST", "/keys/a/1f/copy")),
        ("DELETE", "/keys/a/1f", NoOperation("DELETE", "/keys/a/1f")),
        ("POST", f"/keys/a/{'0' * 32}", NoOperation("POST", f"/keys/a/{'0' * 32}")),
        ("PUT", "/deletedkeys/a", NoOperation("PUT", "/deletedkeys/a")),
        ("GET", "/backup//pending", NoOperation("GET", "/backup//pending")),
        ("GET", "/backup/1f/pending", Unmodelled("GET /backup/{…}/pending", Reach.NOTHING)),
        (
            "PUT",
            "///providers/Microsoft.Authorization/roleDefinitions/1f",
            Unmodelled("PUT /{scope}/roleDefinitions", Reach.NOTHING),
        ),
        (
            "PATCH",
            "/providers/Microsoft.Authorization/roleDefinitions/1f",
            NoOperation("PATCH", "/providers/Microsoft.Authorization/roleDefinitions/1f"),
        ),
    ],
)
def test_paths_are_taken_as_the_service_takes_them(
    method: str, target: str, expected: Request
) -> None:
    body = b'{"alg":"ES256","value":"","count":16}'
    assert decode_request(HttpRequest(method, HOST, target, {}, body)) == expected


def test_a_recorder_that_loses_queries_may_have_lost_the_end_of_a_path() -> None:
    sent = HttpRequest("POST", HOST, f"/keys/a/{'0' * 32}", {}, b"{}", query_recorded=False)
    assert decode_request(sent) == Unmodelled("POST /keys/{…}/{…}", Reach.USE, "a")


def test_a_body_that_was_not_recorded_leaves_the_operation_unmodelled() -> None:
    sent = HttpRequest("POST", HOST, "/keys/a/create", {}, b"", body_recorded=False)
    assert decode_request(sent) == Unmodelled("CreateKey without its body", Reach.NAME, "a")


def test_a_transfer_blob_and_an_external_key_are_of_later_chapters() -> None:
    blob = b'{"key":{"kty":"RSA-HSM","key_hsm":"AAAA"}}'
    sent = HttpRequest("PUT", HOST, "/keys/a", {}, blob)
    assert decode_request(sent) == Unmodelled("ImportTransferBlob", Reach.NAME, "a")
    external = b'{"kty":"RSA","attributes":{"external_key":{"id":"x"}}}'
    sent = HttpRequest("POST", HOST, "/keys/a/create", {}, external)
    assert decode_request(sent) == Unmodelled("CreateExternalKey", Reach.NAME, "a")


@pytest.mark.parametrize("value", [b"-_8=", b"+/8", b"-_ 8", b"\\r\\n+/8="])
def test_base64_in_another_spelling_is_no_malformed_request(value: bytes) -> None:
    sent = HttpRequest("POST", HOST, "/keys/a/sign", {}, b'{"alg":"E","value":"' + value + b'"}')
    assert decode_request(sent) == Sign("a", None, "E", b"\xfb\xff")


MALFORMED: Final = [
    ("POST", "/keys/a/create", b"", "the body is empty"),
    ("POST", "/keys/a/create", b"{", "the body is not JSON"),
    ("POST", "/keys/a/create", b"[]", "the body is not a JSON object"),
    ("POST", "/keys/a/create", b'{"kty":1}', "member kty is not a string"),
    ("POST", "/keys/a/create", b'{"key_size":"1"}', "member key_size is not an integer"),
    ("POST", "/keys/a/create", b'{"key_size":1.0}', "member key_size is not an integer"),
    ("POST", "/keys/a/create", b'{"key_size":true}', "member key_size is not an integer"),
    ("POST", "/keys/a/create", b'{"key_ops":"sign"}', "member key_ops is not a list"),
    ("POST", "/keys/a/create", b'{"key_ops":[1]}', "member key_ops is not a list of strings"),
    ("POST", "/keys/a/create", b'{"tags":{"a":1}}', "member tags has a value that is not a string"),
    ("POST", "/keys/a/create", b'{"attributes":7}', "member attributes is not a JSON object"),
    (
        "POST",
        "/keys/a/create",
        b'{"attributes":{"enabled":1}}',
        "member enabled is neither true nor false",
    ),
    ("POST", "/keys/a/create", b'{"release_policy":{}}', "member release_policy.data is missing"),
    ("PUT", "/keys/a", b"{}", "member key is missing"),
    ("PUT", "/keys/a", b'{"key":{"n":"*_"}}', "member n is not base64url without padding"),
    ("PATCH", "/keys/a", b"null", "the body is not a JSON object"),
    ("POST", "/keys/a/sign", b'{"value":"AA"}', "member alg is missing"),
    ("POST", "/keys/a/sign", b'{"alg":"ES256"}', "member value is missing"),
    ("POST", "/keys/a/verify", b'{"alg":"ES256","value":"AA"}', "member digest is missing"),
    ("POST", "/keys/a/encrypt", b'{"alg":"A","value":"A"}', "member value is not base64url"),
    ("POST", "/keys/a/decrypt", b'{"alg":"A","value":"AA","tag":1}', "member tag is not a string"),
    ("POST", "/keys/a/wrapkey", b'{"value":"AA"}', "member alg is missing"),
    ("POST", "/keys/a/unwrapkey", b'{"alg":"A","value":1}', "member value is not a string"),
    ("POST", "/keys/restore", b"{}", "member value is missing"),
    ("POST", "/rng", b"{}", "member count is missing"),
    ("POST", "/rng", b'{"count":"1"}', "member count is not an integer"),
    ("GET", "/keys?maxresults=1_0", b"", "query member maxresults is not an integer"),
    ("GET", "/keys?maxresults=%D9%A3", b"", "query member maxresults is not an integer"),
    ("GET", "/keys?maxresults=+5", b"", "query member maxresults is not an integer"),
    ("GET", f"/keys?maxresults={'9' * 5000}", b"", "query member maxresults is not an integer"),
    ("POST", "/keys/a/create", b'{"kty":"EC","x":NaN}', "the body is not JSON"),
    ("GET", "/keys?maxresults=many", b"", "query member maxresults is not an integer"),
]


@pytest.mark.parametrize(("method", "target", "body", "problem"), MALFORMED)
def test_a_malformed_request_says_what_is_wrong_with_it(
    method: str, target: str, body: bytes, problem: str
) -> None:
    found = decode_request(HttpRequest(method, HOST, target, {}, body))
    assert isinstance(found, Malformed)
    assert found.problem.startswith(problem)


# --- replies --------------------------------------------------------------------------------------

HEX: Final = st.text("0123456789abcdef", min_size=1, max_size=32)
KIDS: Final = st.builds(KeyIdentifier, st.just(HOST), HEX, HEX)
SHOWN: Final = st.builds(
    Attributes,
    st.none() | st.booleans(),
    st.none() | NUMBERS,
    st.none() | NUMBERS,
    st.none() | TEXTS,
    st.none() | NUMBERS,
    st.none() | NUMBERS,
    st.none() | NUMBERS,
    st.none() | st.booleans(),
    st.none() | TEXTS,
    st.none() | NUMBERS,
)
PUBLIC: Final = (
    st.none()
    | st.builds(RsaPublic, SOME_OCTETS, SOME_OCTETS)
    | st.builds(EcPublic, TEXTS, OCTETS, OCTETS)
)
BUNDLES: Final = st.builds(KeyBundle, KIDS, TEXTS, PUBLIC, OPERATIONS, SHOWN, TAGS, POLICIES)
DATES: Final = (st.none() | TEXTS, st.none() | NUMBERS, st.none() | NUMBERS)
ITEMS: Final = st.builds(KeyItem, KIDS, SHOWN, TAGS)
LINKS: Final = st.none() | TEXTS
REPLIES: Final[SearchStrategy[tuple[Request, Reply]]] = st.one_of(
    st.tuples(
        st.sampled_from(
            [CreateKey("a", None), ImportKey("a", JsonWebKey()), GetKey("a"), UpdateKey("a")]
        ),
        BUNDLES,
    ),
    st.tuples(st.just(RecoverDeletedKey("a")), BUNDLES),
    st.tuples(
        st.sampled_from([DeleteKey("a"), GetDeletedKey("a")]),
        st.builds(DeletedKeyBundle, BUNDLES, *DATES),
    ),
    st.tuples(
        st.sampled_from([ListKeys(), ListKeyVersions("a")]),
        st.builds(KeyPage, st.lists(ITEMS, max_size=3).map(tuple), LINKS),
    ),
    st.tuples(
        st.just(ListDeletedKeys()),
        st.builds(
            KeyPage,
            st.lists(st.builds(DeletedKeyItem, ITEMS, *DATES), max_size=3).map(tuple),
            LINKS,
        ),
    ),
    st.tuples(
        st.sampled_from(
            [
                Sign("a", None, "", b""),
                Encrypt("a", None, "", b""),
                Decrypt("a", None, "", b""),
                WrapKey("a", None, "", b""),
                UnwrapKey("a", None, "", b""),
            ]
        ),
        st.builds(
            OperationResult,
            KIDS,
            st.none() | TEXTS,
            OCTETS,
            MAYBE_OCTETS,
            MAYBE_OCTETS,
            MAYBE_OCTETS,
        ),
    ),
    st.tuples(
        st.just(Verify("a", None, "", b"", b"")),
        st.builds(Verification, st.booleans(), st.none() | KIDS, st.none() | TEXTS),
    ),
    st.tuples(st.just(PurgeDeletedKey("a")), st.just(NoContent())),
    st.tuples(st.just(BackupKey("a")), st.builds(KeyBackup, OCTETS)),
    st.tuples(st.just(RestoreKey(b"")), BUNDLES),
    st.tuples(st.just(GetRandomBytes(1)), st.builds(RandomBytes, OCTETS)),
    st.tuples(
        REQUESTS,
        st.builds(
            Refused, st.integers(400, 599).filter(lambda n: n != 401), TEXTS.filter(bool), TEXTS
        ),
    ),
    st.tuples(
        REQUESTS,
        st.builds(Unauthenticated, st.text("ab:/.", min_size=1), st.text("ab:/.", min_size=1)),
    ),
)


def answered(request: Request, reply: Reply) -> HttpResponse:
    return encode_reply(encode_request(request, HOST, "7.5", None).method, reply, MARKS)


@PROPERTY
@given(REPLIES)
def test_a_reply_is_read_as_it_was_written(pair: tuple[Request, Reply]) -> None:
    request, reply = pair
    response = answered(request, reply)
    assert decode_reply(request, response, response.document()) == reply


@PROPERTY
@given(st.data())
def test_what_the_generator_answers_keeps_the_clauses_of_the_wire(data: DataObject) -> None:
    stage, memory = scene(), Memory()
    for _ in range(data.draw(st.integers(1, 12))):
        request = draw_request(data, memory)
        reply = stage.send(request)
        memory.learn(request, reply)
        if isinstance(request, Malformed | NoOperation | Unmodelled):
            continue
        sent = encode_request(request, HOST, "7.5", "token")
        response = encode_reply(sent.method, reply, MARKS)
        exchange = wire_exchange(sent, response, request)
        assert encode_reply(sent.method, exchange.reply, MARKS) == response
        judgement = with_bytes(Judgement(stage.estate), exchange, STRICT)
        assert (judgement.breaches, judgement.warnings) == ((), ())


@pytest.mark.parametrize("reply", [Indeterminate("lost"), Unreadable(200, "no form")])
def test_what_no_server_sends_has_no_response(reply: Reply) -> None:
    with pytest.raises(TypeError, match="nothing that a server sends"):
        encode_reply("GET", reply, MARKS)


def test_private_members_of_a_bundle_are_named_and_not_kept() -> None:
    shown = scene().created(CreateKey("a", "EC"))
    document = json.loads(answered(GetKey("a"), shown).body)
    document["key"]["d"] = "c2VjcmV0"
    response = HttpResponse(200, {}, json.dumps(document).encode())
    reply = decode_reply(GetKey("a"), response, response.document())
    assert isinstance(reply, KeyBundle)
    assert reply.private_members == ("d",)
    assert "secret" not in repr(reply)


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, b"", "the body is not JSON"),
        (200, b"[]", "the body is not a JSON object"),
        (200, b"{}", "member key is missing"),
        (200, b'{"key":{"kid":"x","kty":"EC-HSM"}}', "member kid is no key identifier: x"),
        (201, b"{}", "status 201 instead of 200"),
        (302, b"", "status 302 instead of 200"),
    ],
)
def test_a_success_without_the_form_is_unreadable(status: int, body: bytes, problem: str) -> None:
    response = HttpResponse(status, {}, body)
    reply = decode_reply(GetKey("a"), response, response.document())
    assert reply == Unreadable(status, problem)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'{"error":1}', b'{"error":{"code":1}}', b"<"]
)
def test_an_error_without_the_form_has_neither_code_nor_message(body: bytes) -> None:
    response = HttpResponse(500, {}, body)
    assert decode_reply(GetKey("a"), response, response.document()) == Refused(500, None, None)


def test_a_challenge_is_read_in_either_spelling() -> None:
    written = challenge_header("https://a.example/t", "https://r.example")
    challenge = parse_challenge(written)
    assert (challenge.authority, challenge.resource) == ("https://a.example/t", "https://r.example")
    other = parse_challenge('Bearer authorization_uri="https://a.example/t", scope="s"')
    assert (other.scheme, other.authority, other.resource) == ("Bearer", "https://a.example/t", "s")
    assert parse_challenge("").authority is None


@given(st.text("abc09-", min_size=1), st.none() | st.text("0f", min_size=1))
@settings(deadline=None, derandomize=True)
def test_a_key_identifier_is_read_as_it_was_written(name: str, version: str | None) -> None:
    for collection in ("keys", "deletedkeys"):
        kid = KeyIdentifier(HOST, name, version, collection)
        assert parse_key_identifier(str(kid)) == kid
