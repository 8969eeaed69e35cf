"""Cases: a failure that is recorded is seen again where it was, and not on a target that is right.

MHSM_CASES=all tries every mutant of the gallery, which takes half an hour; else it is those of each
kind of fault that break something in another way.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, Final, get_args

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from mhsm_conformance.cases.case import Asked, Case, Message, without_steps
from mhsm_conformance.cases.document import case_from_document, case_to_document
from mhsm_conformance.cases.provenance import derived
from mhsm_conformance.cases.recording import context_of, recorded_case
from mhsm_conformance.cases.request_kinds import PARTS, REQUESTS
from mhsm_conformance.cases.resolving import LinkError, resolved
from mhsm_conformance.cases.shortening import shortened
from mhsm_conformance.cases.terms import Joined, LeftOut, Made, SampleMember, Shown, Taken
from mhsm_conformance.cases.trial import Trial, Verdict, tried
from mhsm_conformance.faults import ConformanceFailure
from mhsm_conformance.guards.scenes import backed_up
from mhsm_conformance.session import Session
from mhsm_conformance.steps import Lapse, Loss
from mhsm_conformance.tests.drawn_cases import HOSTS, cases
from mhsm_conformance.tests.mutant_cases import recorded_cases
from mhsm_conformance.vectors.altering import flipped
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.base64url import encoded
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    CreateKey,
    Credential,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetKey,
    ImportKey,
    KeyBackup,
    KeyPage,
    ListKeys,
    ListKeyVersions,
    OperationResult,
    PurgeDeletedKey,
    Request,
    RequestedAttributes,
    RestoreKey,
    Sign,
    Verify,
)
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.jwk import PRIVATE_MEMBERS, JsonWebKey
from mhsm_model.operations.paging import next_token
from mhsm_model.wire.http import HttpRequest
from mhsm_model.wire.request_encoding import encode_request
from mhsm_reports.schema import first_violation, published_schema
from mhsm_targets.emulator import Emulator
from mhsm_targets.mutants.gallery import gallery, mutant
from mhsm_targets.protocol import TargetFactory, TargetProfile, TargetUnavailableError
from mhsm_targets.registry import target_factory

FORMAT: Final = "mhsm-case/2"
MODEL: Final = target_factory("model")

OF_EACH_KIND: Final = (
    *("unguarded-alg-004", "unguarded-kbk-003", "unguarded-auth-001", "unguarded-life-010"),
    *("retention-is-always-ninety-days", "purge-protection-is-forgotten"),
    *("verification-takes-the-current-version", "name-is-looked-at-first"),
    *("es-answers-der", "updated-left-out", "recovery-forgets-old-windows"),
    *("update-drops-tags", "restore-enables-older-versions", "expiry-is-ignored"),
    *("plain-base64", "region-left-out", "next-link-needs-a-version"),
)
MUTANTS: Final = (
    tuple(row.name for row in gallery()) if os.environ.get("MHSM_CASES") == "all" else OF_EACH_KIND
)


def opened(target: str = "model", configuration: Configuration | None = None) -> Session:
    hosts = {HOSTS[0]: configuration or Configuration(), HOSTS[1]: Configuration()}
    factory = target_factory(target)
    return Session(factory.open(hosts, 5), factory.profile, hosts, strict=True)


def case_of(session: Session, clause: str = "ALG-004", target: str = "model") -> Case:
    """The case of what the session sent, through JSON and back."""
    context = context_of(target, session.profile)
    case = recorded_case(
        session.steps, clause, "a check", 5, context, session.configurations, strict=True
    )
    document = json.loads(json.dumps(case_to_document(case)))
    assert first_violation(document, FORMAT) is None
    assert case_from_document(document) == case
    return case


# --- seen again, and not -------------------------------------------------------------------------


def test_every_kind_of_fault_is_among_the_mutants() -> None:
    assert {type(mutant(name).fault) for name in OF_EACH_KIND} == {
        type(row.fault) for row in gallery()
    }


@pytest.mark.parametrize("name", MUTANTS)
def test_a_failure_is_seen_again_on_the_mutant_and_not_on_the_model(name: str) -> None:
    clause = mutant(name).clause
    broken = target_factory(f"mutant:{name}")
    found = [c for c in recorded_cases(f"mutant:{name}", clause) if c.clause == clause]
    assert found or os.environ.get("MHSM_CASES") == "all"
    for case in found[:4]:
        again = tried(case, broken)
        assert (again.verdict, again.broke(clause)) == (Verdict.FAILED, True), again.reason
        assert again.at == len(case.steps)
        right = tried(case, MODEL)
        assert right.verdict is Verdict.FIXED, right.reason


def test_another_breach_than_the_stored_one_is_told() -> None:
    case = replace(recorded_cases("mutant:es-answers-der", "ALG-005")[0], clause="LIFE-002")
    trial = tried(case, target_factory("mutant:es-answers-der"))
    assert trial.verdict is Verdict.FAILED
    assert "LIFE-002 is not: another breach" in trial.reason


# --- JSON ----------------------------------------------------------------------------------------


@given(cases())
@settings(deadline=None, max_examples=60)
def test_a_case_is_the_same_after_a_way_through_json(case: Case) -> None:
    document = json.loads(json.dumps(case_to_document(case)))
    assert first_violation(document, FORMAT) is None
    assert case_from_document(document) == case


def test_every_request_with_a_rest_form_can_be_in_a_case() -> None:
    without = {"Malformed", "NoOperation", "Unmodelled"}
    assert set(REQUESTS) == {kind.__name__ for kind in get_args(Request)} - without
    schema = published_schema(FORMAT)["$defs"]
    assert set(schema["step"]["properties"]["request"]["enum"]) == set(REQUESTS)
    members = {field.name for kind in REQUESTS.values() for field in fields(kind)}
    assert set(schema["members"]["properties"]) == members
    for name, kind in PARTS.items():
        assert set(schema[name]["properties"]) == {field.name for field in fields(kind)}


def test_the_schema_describes_every_member_and_allows_no_other() -> None:
    schema = published_schema(FORMAT)
    Draft202012Validator.check_schema(schema)
    for told in (schema, *schema["$defs"].values()):
        assert told["description"]
        assert told["additionalProperties"] is False
        assert all("description" in m or "$ref" in m for m in told["properties"].values())


def test_what_is_repeated_is_written_once() -> None:
    session = opened()
    body = b" " * (1 << 20) + b"{}"
    session.send_message(HOSTS[0], "POST", "/keys/a/create?api-version=7.5", body)
    case = case_of(session)
    assert len(json.dumps(case_to_document(case))) < 2000
    (step,) = case.steps
    assert isinstance(step, Message)
    assert step.body == body.decode()


# --- what is recorded ----------------------------------------------------------------------------


def test_values_that_the_service_chose_are_links() -> None:
    session = opened()
    hsm = session.at(HOSTS[0])
    made = hsm.created(CreateKey("a", "oct", 256))
    sealed = hsm.result(Encrypt("a", made.kid.version, "A256GCM", b"a plaintext of ours"))
    hsm.send(Decrypt("a", made.kid.version, "A256GCM", sealed.value, sealed.iv, None, sealed.tag))
    hsm.send(Encrypt("a", None, "A256GCM", b"a plaintext of ours"))
    case = case_of(session)
    version = Taken(Shown(1, "kid.version"))
    steps = [step for step in case.steps if isinstance(step, Asked)]
    assert dict(steps[2].request.members) == {
        "name": "a",
        "version": version,
        "algorithm": "A256GCM",
        "ciphertext": Taken(Shown(2, "value")),
        "iv": Taken(Shown(2, "iv")),
        "tag": Taken(Shown(2, "tag")),
    }
    # What a reply shows of the client's own value is no choice of the service.
    assert dict(steps[3].request.members)["plaintext"] == b"a plaintext of ours"
    assert tried(case, MODEL).verdict is Verdict.FIXED


def test_altered_values_are_altered_links() -> None:
    session = opened()
    hsm = session.at(HOSTS[0])
    hsm.send(CreateKey("a", "EC"))
    signature = hsm.result(Sign("a", None, "ES256", bytes(32))).value
    hsm.send(Verify("a", None, "ES256", bytes(32), flipped(signature, -1)))
    hsm.send(Verify("a", None, "ES256", bytes(32), signature[:-1]))
    blob = backed_up(hsm, "a")
    hsm.send(RestoreKey(blob[1:]))
    hsm.send(RestoreKey(blob[:-20] + b"." + blob[-19:]))
    hsm.send(RestoreKey(blob + b"A"))
    hsm.send(RestoreKey(blob.replace(b".", b"", 1)))
    case = case_of(session)
    values = [step.request.members[-1][1] for step in case.steps if isinstance(step, Asked)]
    assert values[2] == Taken(Shown(2, "value"), flips=((-1, 1),))
    assert values[3] == Taken(Shown(2, "value"), stop=-1)
    assert values[5] == Taken(Shown(5, "blob"), start=1)
    assert isinstance(values[6], Taken)
    assert values[7] == Joined((Taken(Shown(5, "blob")), b"A"))
    assert isinstance(values[8], Joined)
    assert case.left_out is None
    assert tried(case, MODEL).verdict is Verdict.FIXED


ALTERATIONS: Final[tuple[Callable[[bytes], bytes], ...]] = (
    lambda v: v,
    lambda v: v[:-1],
    lambda v: v[:9],
    lambda v: v[8:],
    lambda v: v[10:30],
    lambda v: v + b"tail",
    lambda v: b"head" + v,
    lambda v: v[:20] + v[21:],
    lambda v: v[:20] + b"new" + v[20:],
    lambda v: flipped(flipped(v, 3, 0x80), -1),
)


@pytest.mark.parametrize("alter", ALTERATIONS)
def test_what_is_derived_from_a_value_is_derived_from_another_one(
    alter: Callable[[bytes], bytes],
) -> None:
    whole, other = bytes(range(40)), bytes(range(100, 140))
    term = derived(alter(whole), whole, Shown(1, "value"))
    assert term is not None
    reply = OperationResult(KeyIdentifier(HOSTS[0], "a"), None, other)
    assert resolved(term, {1: reply}, 0) == alter(other)


def test_pages_are_followed_by_their_links() -> None:
    session = opened(configuration=Configuration(page_size=1))
    hsm = session.at(HOSTS[0])
    for name in "abc":
        hsm.send(CreateKey(name, "EC"))
    page = hsm.send(ListKeys(1))
    assert isinstance(page, KeyPage)
    assert page.next_link is not None
    following = hsm.send(ListKeys(1, next_token(page)))
    assert isinstance(following, KeyPage)
    hsm.send_message("GET", (following.next_link or "").removeprefix(f"https://{HOSTS[0]}"), b"")
    versions = hsm.send(ListKeyVersions("a"))
    assert isinstance(versions, KeyPage)
    case = case_of(session)
    asked, by_hand = case.steps[4], case.steps[5]
    assert isinstance(asked, Asked)
    assert dict(asked.request.members)["continuation"] == Taken(Shown(4, "continuation"))
    assert isinstance(by_hand, Message)
    assert by_hand.target == Taken(Shown(5, "next_target"))
    assert tried(case, MODEL).verdict is Verdict.FIXED


def test_times_are_reckoned_from_the_clock() -> None:
    session = opened()
    now = session.now()
    window = RequestedAttributes(not_before=now + 5, expires=1_500_000_000)
    session.send(HOSTS[0], CreateKey("a", "EC", attributes=window))
    session.advance(10)
    case = case_of(session)
    document = case_to_document(case)
    attributes = document["steps"][0]["members"]["attributes"]
    assert attributes == {"not_before": {"clock": 5}, "expires": 1_500_000_000}
    assert case.steps[1] == Lapse(10)


def test_a_message_made_by_hand_has_links_within() -> None:
    session = opened()
    hsm = session.at(HOSTS[0])
    made = hsm.created(CreateKey("a", "EC"))
    signed = hsm.result(Sign("a", None, "ES256", bytes(32)))
    document = case_to_document(case_of(session))
    path = f"/keys/a/{made.kid.version}/verify?api-version=7.5"

    body = (
        b'{"alg":"ES256","digest":"'
        + encoded(bytes(32)).encode()
        + b'","value":"'
        + encoded(signed.value).encode()
        + b'"}'
    )
    hsm.send_message("POST", path, body, credential=Credential.TOKEN)
    text = json.dumps(case_to_document(case_of(session)))
    assert made.kid.version is not None
    assert made.kid.version not in text
    assert encoded(signed.value) not in text
    assert len(document["steps"]) == 2
    assert tried(case_of(session), MODEL).verdict is Verdict.FIXED


def test_lapses_losses_credentials_and_configurations_are_kept() -> None:
    session = opened(configuration=Configuration(retention_days=7, domain="one"))
    session.lose_next(after_effect=True)
    session.send(HOSTS[0], CreateKey("a", "EC"))
    session.send(HOSTS[1], GetKey("a"), credential=Credential.INVALID, api_version=None)
    case = case_of(session)
    assert case.steps[0] == Loss(True)
    asked = case.steps[2]
    assert isinstance(asked, Asked)
    assert (asked.host, asked.credential, asked.api_version) == (HOSTS[1], Credential.INVALID, None)
    assert case.instances == session.configurations
    assert tried(case, MODEL).verdict is Verdict.FIXED


# --- secrets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["RSA 2048", "EC P-384", "oct 256"])
def test_an_imported_sample_is_named_and_never_shown(kind: str) -> None:

    session = opened()
    key = sample_key(kind, 1)
    session.send(HOSTS[0], ImportKey("a", key))
    sent: HttpRequest = encode_request(ImportKey("b", key), HOSTS[0], "7.5", None)
    session.send_message(HOSTS[0], sent.method, sent.target, sent.body)
    case = case_of(session)
    text = json.dumps(case_to_document(case))
    for name in PRIVATE_MEMBERS:
        secret: bytes | None = getattr(key, name)
        assert secret is None or encoded(secret) not in text
    assert case.left_out is None
    assert tried(case, MODEL).verdict is Verdict.FIXED


def test_an_altered_sample_is_that_sample_altered() -> None:
    session = opened()
    key = sample_key("RSA 2048")
    session.send(HOSTS[0], ImportKey("a", replace(key, d=sample_key("RSA 2048", 1).d)))
    session.send(HOSTS[0], ImportKey("a", replace(key, p=flipped(key.p or b"", 4))))
    case = case_of(session)
    assert case.left_out is None
    first = case.steps[0]
    assert isinstance(first, Asked)
    sent = resolved(first.request, {}, 0)
    assert sent.key == replace(key, d=sample_key("RSA 2048", 1).d)


SENDINGS: Final[tuple[tuple[Callable[[Session], object], str], ...]] = (
    (
        lambda s: s.send(HOSTS[0], ImportKey("a", JsonWebKey("oct", k=b"sixteen secrets!"))),
        "a private member of a key",
    ),
    (lambda s: s.send(HOSTS[0], RestoreKey(b"a blob." * 40)), "a backup blob"),
    (
        lambda s: s.send_message(
            HOSTS[0], "PUT", "/keys/a?api-version=7.5", b'{"key":{"kty":"oct","k":"c2l4dGVl'
        ),
        "a body that names private members",
    ),
    (
        lambda s: s.send_message(
            HOSTS[0], "PUT", "/keys/a?api-version=7.5", rb'{"key":{"kty":"oct","\u006b":"c2l4dGVl'
        ),
        "a body that names private members",
    ),
    (
        lambda s: s.send_message(
            HOSTS[0],
            "PUT",
            "/keys/a?api-version=7.5",
            b'{"key":{"kty":"oct","k":"c2l4dGVlbiBzZWNyZXRzIQ"}}',
        ),
        "a private member of a key",
    ),
    (
        lambda s: s.send_message(
            HOSTS[0],
            "POST",
            "/keys/restore?api-version=7.5",
            b'{"value":"' + b"YSBibG9i" * 20 + b'"}',
        ),
        "a backup blob",
    ),
)


@pytest.mark.parametrize(("send", "told"), SENDINGS)
def test_what_may_not_be_held_is_left_out_and_such_a_case_is_an_error(
    send: Callable[[Session], object], told: str
) -> None:
    session = opened()
    send(session)
    case = case_of(session)
    text = json.dumps(case_to_document(case))
    assert "c2l4dGVl" not in text
    assert "YSBibG9i" not in text
    assert told in text
    trial = tried(case, MODEL)
    assert (trial.verdict, trial.steps) == (Verdict.ERROR, ())
    assert trial.reason == f"step 1 needs {told}, which no case holds"


def test_a_value_that_was_computed_from_a_reply_is_no_literal() -> None:
    session = opened()
    hsm = session.at(HOSTS[0])
    hsm.send(CreateKey("a", "EC"))
    made = hsm.result(Sign("a", None, "ES256", bytes(32))).value
    hsm.send(Verify("a", None, "ES256", bytes(32), made[:32] + bytes(range(100, 140))))
    assert "computed from an earlier reply" in (case_of(session).left_out or "")


def test_no_blob_and_no_token_is_in_a_case() -> None:
    session = opened()
    hsm = session.at(HOSTS[0])
    hsm.send(CreateKey("a", "EC"))
    blob = backed_up(hsm, "a")
    hsm.send(DeleteKey("a"))
    hsm.send(PurgeDeletedKey("a"))
    hsm.send(RestoreKey(blob))
    text = json.dumps(case_to_document(case_of(session)))
    assert blob.decode()[:40] not in text
    assert "emulator-token" not in text
    assert "not-a-token" not in text


# --- errors --------------------------------------------------------------------------------------


class Elsewhere:
    """A factory whose targets are gone, at the opening or at the first request."""

    def __init__(self, profile: TargetProfile, *, opens: bool) -> None:
        self.profile = profile
        self._opens = opens

    def open(self, configurations: Any, seed: int) -> Emulator:
        if not self._opens:
            raise TargetUnavailableError("nobody is there")
        return Gone(configurations, seed)


class Gone(Emulator):
    def exchange(self, request: HttpRequest) -> Any:
        raise TargetUnavailableError("it went away")


class Forgetful(Emulator):
    """An emulator that loses replies without being asked."""

    def exchange(self, request: HttpRequest) -> Any:
        super().exchange(request)


def simple() -> Case:
    session = opened()
    session.send(HOSTS[0], CreateKey("a", "EC"))
    return case_of(session)


@pytest.mark.parametrize(("opens", "told"), [(False, "nobody is there"), (True, "it went away")])
def test_a_target_that_is_not_to_be_had_is_an_error(opens: bool, told: str) -> None:
    trial = tried(simple(), Elsewhere(MODEL.profile, opens=opens))
    assert trial.verdict is Verdict.ERROR
    assert told in trial.reason


def test_a_link_that_cannot_be_followed_is_an_error() -> None:
    session = opened()
    hsm = session.at(HOSTS[0])
    made = hsm.created(CreateKey("a", "EC"))
    hsm.send(GetKey("a", made.kid.version))
    case = case_of(session)
    refused = Made("CreateKey", (("name", "not_a_name"), ("kty", "EC")))
    first = case.steps[0]
    assert isinstance(first, Asked)
    changed = replace(case, steps=(replace(first, request=refused), case.steps[1]))
    trial = tried(changed, MODEL)
    assert trial.verdict is Verdict.ERROR
    assert trial.reason.startswith("step 2: the reply to step 1 has no kid.version: 400")


@pytest.mark.parametrize("lacking", ["clock", "losses", "instances"])
def test_a_capability_that_is_lacking_is_an_error(lacking: str) -> None:
    session = opened(configuration=Configuration(retention_days=7))
    session.lose_next(after_effect=False)
    session.send(HOSTS[0], GetKey("a"))
    session.advance(5)
    case = case_of(session)
    capable = frozenset(c for c in MODEL.profile.capabilities if c.value != lacking)
    factory = _Lacking(replace(MODEL.profile, capabilities=capable))
    trial = tried(case, factory)
    assert trial.verdict is Verdict.ERROR
    assert f"the target lacks the capability {lacking}" in trial.reason


class _Lacking:
    def __init__(self, profile: TargetProfile, target: type[Emulator] = Emulator) -> None:
        self.profile = profile
        self._target = target

    def open(self, configurations: Any, seed: int) -> Emulator:
        return self._target(configurations, seed)


def test_a_reply_that_was_lost_leaves_no_verdict() -> None:
    factory: TargetFactory = _Lacking(MODEL.profile, Forgetful)
    trial = tried(simple(), factory)
    assert trial.verdict is Verdict.ERROR
    assert "lost" in trial.reason


def test_a_breach_that_the_profile_declares_is_a_failure_all_the_same() -> None:
    name = "unguarded-alg-004"
    case = next(c for c in recorded_cases(f"mutant:{name}", "ALG-004") if c.clause == "ALG-004")
    broken = target_factory(f"mutant:{name}")

    class Declaring:
        profile = replace(broken.profile, expected_failures={"ALG-004": "H-1", "ERR-202": "H-1"})

        def open(self, configurations: Any, seed: int) -> Any:
            return broken.open(configurations, seed)

    trial = tried(case, Declaring())
    assert trial.verdict is Verdict.FAILED
    assert trial.reason == "ALG-004 is broken, as the target's profile declares: H-1"


@pytest.mark.parametrize(
    "term",
    [
        Taken(SampleMember("oct 128", 0, "k"), flips=((99, 1),)),
        Taken(SampleMember("oct 128", 0, "n")),
        Joined((b"a", "b")),
        LeftOut("it"),
    ],
)
def test_a_term_that_has_no_value_says_so(term: Any) -> None:
    with pytest.raises(LinkError):
        resolved(term, {1: KeyBackup(b"blob")}, 0)


# --- shortening ----------------------------------------------------------------------------------


def long_case() -> Case:
    session = opened("mutant:unguarded-alg-004")
    hsm, other = session.at(HOSTS[0]), session.at(HOSTS[1])
    hsm.send(ListKeys())
    made = hsm.created(CreateKey("b", "oct", 256))
    hsm.send(GetKey("b", made.kid.version))
    own = hsm.created(CreateKey("a", "EC"))
    other.send(ListKeys())
    hsm.session.advance(5)
    hsm.send(GetKey("a"))
    with pytest.raises(ConformanceFailure):
        hsm.send(Sign("a", own.kid.version, "ES256", bytes(31)))
    return case_of(session, target="mutant:unguarded-alg-004")


def test_a_case_is_shortened_to_what_is_needed() -> None:
    broken = target_factory("mutant:unguarded-alg-004")
    case = long_case()
    found = tried(case, broken)
    short = shortened(case, found, broken)
    kinds = [step.request.kind for step in short.steps if isinstance(step, Asked)]
    assert kinds == ["CreateKey", "Sign"]
    assert list(short.instances) == [HOSTS[0]]
    assert tried(short, broken).broke("ALG-004")
    assert tried(short, MODEL).verdict is Verdict.FIXED
    assert shortened(short, tried(short, broken), broken) == short


def test_steps_after_the_breach_are_left_out_first() -> None:
    broken = target_factory("mutant:unguarded-alg-004")
    case = long_case()
    longer = replace(case, steps=(*case.steps, Lapse(5), Lapse(6)))
    found: Trial = tried(longer, broken)
    assert found.at == len(case.steps)
    assert f"at step {found.at} of {len(longer.steps)}" in found.reason
    assert len(shortened(longer, found, broken).steps) == 2


def test_links_follow_the_steps_that_are_left() -> None:
    case = long_case()
    less = without_steps(case, frozenset({1, 2, 3}))
    last = less.steps[-1]
    assert isinstance(last, Asked)
    assert dict(last.request.members)["version"] == Taken(Shown(1, "kid.version"))
