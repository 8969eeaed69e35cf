from __future__ import annotations

import hashlib
import typing
from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from enum import Enum
from types import NoneType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mhsm_conformance.shell.durations import seconds_in
from mhsm_conformance.shell.orders import Circumstances, Order, order_of
from mhsm_conformance.shell.secrecy import may_be_kept
from mhsm_conformance.shell.structures import structure_in, structured
from mhsm_conformance.shell.vocabulary import verb_named, verbs
from mhsm_conformance.shell.words import LineError, quoted, words_of
from mhsm_conformance.shell.writing import written
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.exchange import (
    Attributes,
    CreateKey,
    Credential,
    Decrypt,
    GetKey,
    GetRandomBytes,
    ImportKey,
    KeyBundle,
    KeyItem,
    KeyPage,
    ListKeys,
    OperationResult,
    ReleasePolicy,
    Reply,
    RequestedAttributes,
    RestoreKey,
    Sign,
    UpdateKey,
    Verify,
)
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.jwk import JsonWebKey
from mhsm_model.operations import OPERATIONS

NOW = 1_900_000_000
USUAL = Circumstances(Credential.TOKEN, "7.6")
KID = KeyIdentifier("h", "k", "0" * 32)


class Told:
    """Replies by their names."""

    def __init__(self, **replies: Reply) -> None:
        self._replies = replies

    def reply_named(self, name: str) -> Reply | None:
        return self._replies.get(name)

    def reply_names(self) -> tuple[str, ...]:
        return tuple(self._replies)


def order(line: str, **replies: Reply) -> Order:
    return order_of(words_of(line), USUAL, NOW, Told(**replies))


# --- every request can be typed -------------------------------------------------------------------


def values(hint: Any) -> Any:
    """Return a strategy for the values of a type."""
    plain: dict[Any, Any] = {
        str: st.text(),
        int: st.integers(-(10**18), 10**18),
        bool: st.booleans(),
        bytes: st.binary() | st.text().map(str.encode) | st.integers(0, 40).map(bytes),
        tuple[str, ...]: st.lists(st.text()).map(tuple),
        Mapping[str, str]: st.dictionaries(st.text(), st.text()),
        JsonWebKey: made(JsonWebKey)
        | st.sampled_from(["oct 128", "oct 256", "EC P-256"]).map(sample_key),
    }
    if hint in plain:
        return plain[hint]
    if isinstance(hint, type) and is_dataclass(hint):
        return made(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    if typing.get_origin(hint) is tuple:
        return st.lists(values(typing.get_args(hint)[0])).map(tuple)
    return st.one_of([st.none(), *(values(k) for k in typing.get_args(hint) if k is not NoneType)])


def made(kind: type[Any]) -> Any:
    return st.deferred(
        lambda: st.builds(kind, **{n: values(h) for n, h in typing.get_type_hints(kind).items()})
    )


@settings(max_examples=200, deadline=None)
@given(st.one_of([made(row.request) for row in OPERATIONS]))
def test_what_is_written_is_read_as_the_same_request(request: Any) -> None:
    line = written(request, with_secrets=True)
    assert order(line).request == request


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.request.__name__)
def test_every_operation_has_a_verb_of_its_own(row: Any) -> None:
    verb = next(verb for verb in verbs() if verb.operation is row)
    assert verb_named(verb.name) is verb
    assert verb_named(row.name) is verb
    assert verb_named(row.request.__name__) is verb
    assert len({verb.name for verb in verbs()}) == len(OPERATIONS)


def test_members_of_a_type_without_a_form_are_json() -> None:
    items = (ReleasePolicy(b"{}", None, True), ReleasePolicy(b"[]"))
    assert structured(items) == [{"data": "e30", "immutable": True}, {"data": "W10"}]
    assert structure_in(tuple[ReleasePolicy, ...], structured(items)) == items
    assert structure_in(Credential, "token") is Credential.TOKEN
    for kind, document, problem in (
        (ReleasePolicy, {"date": 1}, "ReleasePolicy has no date; it has data, content_type"),
        (ReleasePolicy, {}, "and not all are there"),
        (ReleasePolicy, {"data": "e30", "immutable": 1}, "1 is no bool"),
        (Credential, "admin", "'admin' is none of anonymous, token, invalid"),
    ):
        with pytest.raises(ValueError, match=problem):
            structure_in(kind, document)


# --- what people type -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        (
            "create k RSA-HSM size=2048 ops=sign,verify",
            CreateKey("k", "RSA-HSM", key_size=2048, key_ops=("sign", "verify")),
        ),
        ("create k", CreateKey("k", None)),
        (
            "create name=k kty=EC crv=P-256 tags=a:b",
            CreateKey("k", "EC", crv="P-256", tags={"a": "b"}),
        ),
        (
            "create k oct exp=+1d nbf=-1h enabled=false",
            CreateKey(
                "k", "oct", attributes=RequestedAttributes(False, NOW - 3600, NOW + 86400, None)
            ),
        ),
        (
            """create k EC policy='{"anyOf":[]}' release_policy.immutable=true""",
            CreateKey("k", "EC", release_policy=ReleasePolicy(b'{"anyOf":[]}', None, True)),
        ),
        (
            "sign k RS256 digest=sha256:hello",
            Sign("k", None, "RS256", hashlib.sha256(b"hello").digest()),
        ),
        ("sign k/abc ES256 zero:32", Sign("k", "abc", "ES256", bytes(32))),
        (
            "dec k A256GCM hex:0aff iv=b64:AAE tag=-",
            Decrypt("k", None, "A256GCM", b"\n\xff", b"\0\1"),
        ),
        ("get k", GetKey("k")),
        ('get "a b/c"', GetKey("a b/c")),
        ("get k  # the current version", GetKey("k")),
        ("LIST max=5", ListKeys(5)),
        ("random 32", GetRandomBytes(32)),
        ("restore hex:00", RestoreKey(b"\0")),
        ("update k ops= tags=", UpdateKey("k", None, key_ops=(), tags={})),
        (
            "import k oct-256 ops=sign",
            ImportKey("k", replace(sample_key("oct 256"), key_ops=("sign",))),
        ),
        ("import k oct-256", ImportKey("k", sample_key("oct 256"))),
        ("import k ec-p-521/1", ImportKey("k", sample_key("EC P-521", 1))),
        ("import k key.kty=oct key.k=hex:00", ImportKey("k", JsonWebKey("oct", k=b"\0"))),
        (
            "import k oct-128 key.kty=oct-HSM",
            ImportKey("k", replace(sample_key("oct 128"), kty="oct-HSM")),
        ),
    ],
)
def test_a_line_means_a_request(line: str, request_: Any) -> None:
    assert order(line).request == request_


RESULT = OperationResult(KID, "A256GCM", b"value", b"iv", b"tag")
BUNDLE = KeyBundle(KID, "oct-HSM", None, ("encrypt",), Attributes(True, 1, 2, "Recoverable", 90))


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        (
            "decrypt k A256GCM $c iv=$c.iv tag=$c.tag",
            Decrypt("k", None, "A256GCM", b"value", b"iv", tag=b"tag"),
        ),
        (
            "verify k/$c.kid.version RS256 zero:32 $c",
            Verify("k", "0" * 32, "RS256", bytes(32), b"value"),
        ),
        ("get $b.name/$b", GetKey("k", "0" * 32)),
        ("get k/$b.version", GetKey("k", "0" * 32)),
        (
            "create k oct exp=$b.updated",
            CreateKey("k", "oct", attributes=RequestedAttributes(expires=2)),
        ),
        ("list continuation=$p", ListKeys(continuation="x y")),
        ("list continuation=$p.next", ListKeys(continuation="x y")),
        ("get $p.items.0.kid.name", GetKey("k")),
        ("get '$c'", GetKey("$c")),
    ],
)
def test_references_mean_members_of_earlier_replies(line: str, request_: Any) -> None:
    page = KeyPage((KeyItem(KID, BUNDLE.attributes),), "https://h/keys?$skiptoken=x%20y")
    assert order(line, c=RESULT, b=BUNDLE, p=page).request == request_


def test_circumstances_go_with_the_line_and_stay_out_of_the_request() -> None:
    told = order("get k credential=anonymous api-version=7.4")
    assert told.request == GetKey("k")
    assert told.circumstances == Circumstances(Credential.ANONYMOUS, "7.4")
    assert order("get k api_version=-").circumstances.api_version is None


@pytest.mark.parametrize("line", ["c = get k", "get k as c"])
def test_a_reply_gets_a_name(line: str) -> None:
    assert order(line).label == "c"
    assert order(line).request == GetKey("k")


@pytest.mark.parametrize(
    ("line", "word", "problem"),
    [
        ("crate k EC", "crate", "no operation is called 'crate'; did you mean"),
        (
            "create k EC k EC",
            "k EC",
            "one word too many; the form is: create NAME [KTY] [key_size=…]",
        ),
        ("create", "", "name is missing; the form is: create NAME"),
        (
            "sign k RS256",
            "",
            "digest is missing; the form is: sign NAME[/VERSION] ALGORITHM DIGEST",
        ),
        ("create k RSA size=big", "big", "key_size is a number, not 'big'"),
        ("create k RSA size=", "", "key_size is a number, and nothing is there"),
        ("create k EC ex=5", "ex=5", "ex may be public_exponent, expires or exportable"),
        ("create k EC colour=red", "colour", "create has no colour; it takes name, kty, key_size"),
        ("create k EC enabled=yes", "yes", "enabled is true or false, not 'yes'"),
        ("create k EC exp=soon", "soon", "expires is seconds since 1970, or a time from now"),
        ("create k EC kty=EC", "EC", "kty is given twice"),
        ("create k EC tags=a", "a", "tags is name:value with commas between, not 'a'"),
        ("create k EC tags=a:b,a:c", "a:c", "tags has a twice"),
        ("create k EC release_policy.immutable=true", "", "release_policy itself is missing"),
        ("sign k RS256 hex:0", "0", "digest is pairs of hexadecimal digits, not '0'"),
        ("sign k RS256 b64:A=", "b64:A=", "sign has no b64:A; it takes name, version"),
        ("sign k RS256 digest=zero:9999999", "9999999", "digest is a number of bytes up to"),
        ("sign k RS256 file:/nowhere/x", "/nowhere/x", "cannot be read: no such file"),
        ("import k oct-512", "oct-512", "key is a sample (RSA-2048, RSA-3072"),
        ("import k pem:/nowhere/x", "pem:", "/nowhere/x"),
        ("import k", "", "key is missing"),
        ("verify k RS256 zero:32 $c", "$c", "no reply is called $c; there is $b, $_"),
        ("sign k RS256 $b", "$b", "$b is a KeyBundle and no bytes; name a member: $b.kid"),
        ("sign k RS256 $b.version", "$b.version", "is a str, and digest is bytes"),
        ("get k/$b.nothing", "$b.nothing", "KeyBundle lacks nothing; it has kid, kty"),
        ("get k credential=admin", "admin", "credential is one of anonymous, token, invalid"),
        ("1c = get k", "1c", "is no name for a reply"),
        ("get 'k", "'k", "the quote ' is not closed"),
        ('get "\\x"', '"\\x"', "a backslash is written as in JSON"),
        ("", "", "name an operation"),
    ],
)
def test_a_bad_line_points_to_the_word(line: str, word: str, problem: str) -> None:
    with pytest.raises(LineError) as caught:
        order(line, b=BUNDLE, _=BUNDLE)
    assert problem in str(caught.value)
    assert line[caught.value.column :].startswith(word)
    assert word or caught.value.column >= len(line) - 1


@given(st.text())
def test_any_text_can_be_quoted(text: str) -> None:
    (word,) = words_of(quoted(text))
    assert word.text == text
    assert not word.means("as")


@given(st.text(alphabet=st.sampled_from("ab $=\"'\\/,:#.-_0k{}[]create ")))
def test_no_line_is_answered_by_anything_but_a_sentence(line: str) -> None:
    column = 0
    try:
        order(line, c=RESULT, _=BUNDLE)
    except LineError as error:
        column = error.column
    assert 0 <= column <= len(line) + 1


@pytest.mark.parametrize(
    "line",
    [
        "restore hex:00",
        "b = restore 'a blob'",
        "restore blob=hex:00",
        "restore hex:0",
        "import k oct-256 key.k=hex:00",
        "import k oct-256 key.k=hex:0",
        "import k - key.p=x key.nothing=y",
        "import k - key.k='not closed",
        'http PUT /keys/k \'{"key":{"k":"AA"}}\'',
        "http POST /keys/restore '{}'",
        "imprt k key.d=hex:00",
        "import k - k=hex:00",
        "import k - d=hex:00",
        "import k - key.k=-secret",
        "import k - key.key-hsm=hex:00",
        "import k - key.key-hsm=hex:00 'not closed",
        "import k c2VjcmV0",
        'import k \'{"kty":"oct","k":"AA"}\'',
        r'http PUT /keys/k "{\"key\":{\"k\":\"AA\"}}"',
        r'http PUT /keys/k "{\"key\":{\"k\":\"AA\"}}',
        r"""http PUT /keys/k '{"key":{"\u006b":"AA"}}'""",
        "http PUT /keys/k b64:eyJrIjoiQUEifQ",
        "http POST /keys/RESTORE '{}'",
        "http POST /keys/rest%6fre '{}'",
    ],
)
def test_a_line_with_a_secret_is_not_kept(line: str) -> None:
    assert not may_be_kept(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "restore $b",
        "restore file:blob",
        "import k oct-256 key.key_ops=sign",
        "import k pem:key.pem",
        "import k oct-256/1 credential=anonymous ops=sign",
        "import k - key.k=$c",
        "http PUT /keys/k file:body.json",
        "encrypt k A256CBC text iv=zero:16",
        "http GET /keys",
        "help restore",
        "crate k",
        "get 'k",
    ],
)
def test_a_line_without_a_secret_is_kept(line: str) -> None:
    assert may_be_kept(line)


def test_secrets_are_not_written_unasked() -> None:
    key = JsonWebKey("oct", k=b"\x01" * 32)
    assert written(ImportKey("k", key)) == "import k - key.kty=oct key.k=…"
    assert written(RestoreKey(b"blob")) == "restore …"
    sample = replace(sample_key("oct 256"), key_ops=())
    assert written(ImportKey("k", sample)) == "import k oct-256/0 key.key_ops="


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90d", 7776000),
        ("1h30m", 5400),
        ("45", 45),
        ("2w", 1209600),
        ("d", None),
        ("-1", None),
        ("1x", None),
        ("", None),
        ("99999999999", None),
    ],
)
def test_durations(text: str, seconds: int | None) -> None:
    assert seconds_in(text) == seconds
