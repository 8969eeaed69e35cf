"""Every table answers for everything it can be asked, and the tables agree with each other."""

from __future__ import annotations

import itertools
import typing
from typing import Any, Final

import pytest

from mhsm_model.clauses import Basis, Level, Severity, severity
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    BackupKey,
    CreateKey,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    ImportKey,
    KeyBackup,
    ListKeyVersions,
    Malformed,
    NoOperation,
    PurgeDeletedKey,
    RecoverDeletedKey,
    Refused,
    Request,
    RestoreKey,
    Sign,
    Unauthenticated,
    Unmodelled,
    UnwrapKey,
    UpdateKey,
    Verify,
    WrapKey,
)
from mhsm_model.operations import BY_REQUEST, OPERATIONS
from mhsm_model.operations.operation import Operation
from mhsm_model.revisions import LATEST_RECORDED, REVISIONS, in_force, is_known
from mhsm_model.state import Absent, Active
from mhsm_model.tables.algorithms import ALGORITHMS, Algorithm, Use, suits
from mhsm_model.tables.clouds import CLOUDS, challenged_by
from mhsm_model.tables.errors import UNAUTHENTICATED, key_not_found, seen, unseen
from mhsm_model.tables.key_operations import DEFAULTS, KEY_OPERATIONS
from mhsm_model.tables.key_types import (
    CURVES,
    DEFAULT_CURVE,
    DEFAULT_OCT_BITS,
    DEFAULT_PUBLIC_EXPONENT,
    DEFAULT_RSA_BITS,
    OCT_BITS,
    PROMOTED,
    PUBLIC_EXPONENTS,
    RSA_BITS,
    Family,
    KeyKind,
)
from mhsm_model.tables.lifecycle import TRANSITIONS, Stage
from mhsm_model.tables.quirks import QUIRKS, Quirk, expected_on
from mhsm_model.tables.release_policies import (
    has_short_version,
    has_version,
    normalised,
    same_policy_text,
)
from mhsm_model.tests.keys_to_import import oct_key
from mhsm_model.tests.scenes import HOSTS, Scene, entries_at, is_refusal, scene
from mhsm_model.unknown import UNKNOWN

KINDS: Final = (
    *(KeyKind(Family.RSA, bits=bits) for bits in RSA_BITS),
    *(KeyKind(Family.OCT, bits=bits) for bits in OCT_BITS),
    *(KeyKind(Family.EC, curve=curve) for curve in CURVES),
    KeyKind(Family.OKP, curve="Ed25519"),
)
VAGUE_KINDS: Final = tuple(KeyKind(family) for family in Family)


# --- algorithms and key types ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=lambda row: row.name)
def test_every_algorithm_suits_every_kind_or_does_not(algorithm: Algorithm, kind: KeyKind) -> None:
    fits = suits(algorithm, kind)
    assert isinstance(fits, bool)
    assert not fits or algorithm.family is kind.family


@pytest.mark.parametrize("kind", VAGUE_KINDS, ids=str)
@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=lambda row: row.name)
def test_a_vague_kind_is_told_apart_by_its_family_alone(
    algorithm: Algorithm, kind: KeyKind
) -> None:
    fits = suits(algorithm, kind)
    assert (fits is False) == (algorithm.family is not kind.family)


def test_every_algorithm_suits_some_kind() -> None:
    for algorithm in ALGORITHMS.values():
        assert any(suits(algorithm, kind) for kind in KINDS), algorithm.name


def test_an_algorithm_is_for_signing_or_for_encrypting_and_wrapping() -> None:
    for name, row in ALGORITHMS.items():
        assert row.name == name
        assert row.uses
        assert row.uses | row.perhaps in ({Use.SIGN}, {Use.ENCRYPT, Use.WRAP})
        assert not row.uses & row.perhaps
        assert row.curve is None or row.curve in CURVES
        assert row.since is None or is_known(row.since)


def test_quantum_resistant_is_aes_with_256_bits() -> None:
    found = {name for name, row in ALGORITHMS.items() if row.is_quantum_resistant(256)}
    mechanisms = {"CKM_AES_KEY_WRAP", "CKM_AES_KEY_WRAP_PAD"}
    assert found == {"A256GCM", "A256CBC", "A256CBCPAD", "A256KW"} | mechanisms
    smaller = {name for name, row in ALGORITHMS.items() if row.is_quantum_resistant(128)}
    assert smaller == found - mechanisms


@pytest.mark.parametrize("family", Family)
def test_every_family_has_default_operations(family: Family) -> None:
    default = DEFAULTS[family]
    assert default.always
    assert default.always | default.in_some_builds <= KEY_OPERATIONS
    assert default.admits(default.always)
    assert default.admits(default.always | default.in_some_builds)
    assert not default.admits(frozenset())
    assert not default.admits(default.always | {"import"})


def test_defaults_are_values_that_are_permitted() -> None:
    assert DEFAULT_RSA_BITS in RSA_BITS
    assert DEFAULT_OCT_BITS in OCT_BITS
    assert DEFAULT_CURVE in CURVES
    assert DEFAULT_PUBLIC_EXPONENT in PUBLIC_EXPONENTS


def test_every_software_type_is_promoted_to_its_hsm_form() -> None:
    for asked, stored in PROMOTED.items():
        assert stored in (asked, f"{asked}-HSM")


# --- the life of a name ---------------------------------------------------------------------------

ON_A_NAME: Final[dict[str, Request]] = {
    "CreateKey": CreateKey("a", "EC"),
    "ImportKey": ImportKey("a", oct_key()),
    "GetKey": GetKey("a"),
    "UpdateKey": UpdateKey("a", tags={}),
    "ListKeyVersions": ListKeyVersions("a"),
    "DeleteKey": DeleteKey("a"),
    "GetDeletedKey": GetDeletedKey("a"),
    "RecoverDeletedKey": RecoverDeletedKey("a"),
    "PurgeDeletedKey": PurgeDeletedKey("a"),
    "Sign": Sign("a", None, "HS256", bytes(32)),
    "Verify": Verify("a", None, "HS256", bytes(32), bytes(32)),
    "Encrypt": Encrypt("a", None, "A256CBC", bytes(16), bytes(16)),
    "Decrypt": Decrypt("a", None, "A256CBC", bytes(16), bytes(16)),
    "WrapKey": WrapKey("a", None, "A256KW", bytes(16)),
    "UnwrapKey": UnwrapKey("a", None, "A256KW", bytes(24)),
    "BackupKey": BackupKey("a"),
    "RestoreKey": RestoreKey(b"none"),
}


def at_stage(stage: Stage) -> tuple[Scene, dict[str, Request]]:
    """A scene with a key brought to the stage, and a request of every operation on it."""
    made = scene()
    every = ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey")
    made.send(CreateKey("a", "oct", 256, key_ops=every))
    wrapped = made.result(WrapKey("a", None, "A256KW", bytes(16)))
    backup = made.expect(KeyBackup, BackupKey("a"))
    if stage is not Stage.ACTIVE:
        made.send(DeleteKey("a"))
    if stage is Stage.ABSENT:
        made.send(PurgeDeletedKey("a"))
    unwrap = UnwrapKey("a", None, "A256KW", wrapped.value)
    return made, {**ON_A_NAME, "UnwrapKey": unwrap, "RestoreKey": RestoreKey(backup.blob)}


def stage_of(made: Scene) -> Stage:
    (entry,) = entries_at(made.estate, "a", HOSTS[0])
    if isinstance(entry, Absent):
        return Stage.ABSENT
    return Stage.ACTIVE if isinstance(entry, Active) else Stage.DELETED


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("operation", ON_A_NAME)
def test_an_operation_succeeds_just_where_the_lifecycle_has_it(
    operation: str, stage: Stage
) -> None:
    rows = [r for r in TRANSITIONS if (r.operation, r.before) == (operation, stage)]
    made, requests = at_stage(stage)
    reply = made.send(requests[operation])
    assert is_refusal(reply) == (not rows)
    assert [stage_of(made)] == ([row.after for row in rows] or [stage])


def test_the_lifecycle_has_every_operation_on_a_name() -> None:
    assert {row.operation for row in TRANSITIONS} == set(ON_A_NAME)
    named = {kind.__name__ for kind in BY_REQUEST if "name" in kind.__dataclass_fields__}
    assert named | {"RestoreKey"} == set(ON_A_NAME)
    assert len(set(TRANSITIONS)) == len(TRANSITIONS)


# --- severity -------------------------------------------------------------------------------------

SURE: Final = (Basis.DOCUMENTED, Basis.STANDARD, Basis.OBSERVED)
FAILURE, WARNING, NONE = Severity.FAILURE, Severity.WARNING, Severity.NONE
# Level, bases, and the severity of a breach as (strict, live) is neither, live, strict, both.
SEVERITIES: Final = [
    (Level.MUST, SURE, (FAILURE, FAILURE, FAILURE, FAILURE)),
    (Level.MUST, (Basis.INFERRED,), (WARNING, WARNING, FAILURE, FAILURE)),
    (Level.SHOULD, (Basis.OBSERVED,), (FAILURE, WARNING, FAILURE, FAILURE)),
    (Level.SHOULD, (Basis.INFERRED,), (WARNING, WARNING, FAILURE, FAILURE)),
    (Level.MAY, tuple(Basis), (NONE, NONE, NONE, NONE)),
    (Level.OPEN, tuple(Basis), (NONE, NONE, NONE, NONE)),
]


@pytest.mark.parametrize(("level", "bases", "expected"), SEVERITIES)
def test_severity_is_the_one_table(
    level: Level, bases: tuple[Basis, ...], expected: tuple[Severity, ...]
) -> None:
    for basis in bases:
        modes = itertools.product((False, True), repeat=2)
        found = [severity(level, basis, strict=strict, live=live) for strict, live in modes]
        assert tuple(found) == expected


def test_severity_answers_for_everything() -> None:
    modes = itertools.product(Level, Basis, (False, True), (False, True))
    for level, basis, strict, live in modes:
        assert severity(level, basis, strict=strict, live=live) in Severity
        lenient = severity(level, basis, live=True)
        assert lenient is NONE or severity(level, basis, strict=True) is FAILURE


# --- api-versions ---------------------------------------------------------------------------------


def _order(revision: str) -> tuple[tuple[int, ...], bool, int]:
    base, _, preview = revision.partition("-preview")
    parts = tuple(int(part) for part in base.replace("-", ".").split("."))
    return parts, not revision.partition("preview")[1], int(preview.lstrip(".") or 0)


def test_revisions_are_in_order_and_none_is_there_twice() -> None:
    assert list(REVISIONS) == sorted(set(REVISIONS), key=_order)
    assert LATEST_RECORDED in REVISIONS
    assert Configuration().api_versions == REVISIONS


def test_a_rule_without_bounds_is_in_force_everywhere() -> None:
    assert in_force(None) is True
    assert in_force("nonsense") is True


def test_a_rule_holds_from_since_and_before_until() -> None:
    held = [r for r in REVISIONS if in_force(r, since="7.2", until="7.4")]
    assert held == ["7.2", "7.3-preview", "7.3", "7.4-preview.1"]
    assert in_force(REVISIONS[0], until=REVISIONS[0]) is False


@pytest.mark.parametrize("revision", [None, "nonsense"])
def test_whether_a_bounded_rule_holds_at_an_unknown_revision_is_not_known(
    revision: str | None,
) -> None:
    assert in_force(revision, since="7.2") is None
    assert in_force(revision, until="7.2") is None


def test_bounds_outside_the_table_are_a_key_error() -> None:
    with pytest.raises(KeyError):
        in_force("7.2", since="7.1.5")
    with pytest.raises(KeyError):
        in_force(None, until="nonsense")


# --- errors, quirks, clouds, policies, configuration ----------------------------------------------


def test_a_recorded_refusal_admits_itself_alone() -> None:
    refusal = seen(400, "BadParameter", "told")
    assert refusal.admits(refusal.reply())
    for other in (
        Refused(403, "BadParameter", "told"),
        Refused(400, "Other", "told"),
        Refused(400, "BadParameter", "not told"),
        Refused(400, None, None),
        Unauthenticated(None, None),
    ):
        assert not refusal.admits(other)
    assert str(refusal) == '400 BadParameter "told"'


@pytest.mark.parametrize("shown", [400, 403, 404, 409])
def test_a_refusal_nobody_recorded_admits_any_4xx_that_may_mean_it(shown: int) -> None:
    refusal = unseen(shown, "Code", "as the emulator has it")
    assert refusal.admits(refusal.reply())
    admitted = {n for n in range(100, 600) if refusal.admits(Refused(n, None))}
    assert admitted == {*range(400, 500)} - {401, 404, 405, 408, 429} | {shown}
    assert not refusal.admits(Unauthenticated("a", "b"))


def test_a_challenge_is_admitted_by_the_refusal_of_the_unauthenticated_alone() -> None:
    assert UNAUTHENTICATED.admits(Unauthenticated("a", "b"))
    assert not UNAUTHENTICATED.admits(Refused(403, None))


def test_masked_hosts_do_not_count() -> None:
    refusal = key_not_found("one.example", "keys", "a")
    other = key_not_found("two.example", "keys", "a").reply()
    assert refusal.admits(other, host_masked=True)
    assert not refusal.admits(other)
    wrong = key_not_found("two.example", "keys", "b").reply()
    assert not refusal.admits(wrong, host_masked=True)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (b'{"version":"1.0"}', True),
        (b'{"version":"1.0.0"}', False),
        (b'{"anyOf":[]}', False),
        (b'{"version":1}', False),
        (b"[]", False),
        (b"{", False),
    ],
)
def test_a_version_of_two_numbers_is_short(text: bytes, short: bool) -> None:
    assert has_short_version(text) is short


def test_every_quirk_has_one_row_and_a_last_day() -> None:
    assert sorted(row.quirk.name for row in QUIRKS) == sorted(quirk.name for quirk in Quirk)
    assert expected_on(None) == frozenset(Quirk)
    assert expected_on("9999-12-31") == frozenset()
    for row in QUIRKS:
        assert row.quirk in expected_on(row.last_seen)
        assert row.quirk not in expected_on(row.last_seen[:4] + "-12-31T")
        assert row.seen_in


def test_a_configuration_has_no_quirks_by_itself() -> None:
    assert Configuration().quirks == frozenset()


def test_every_cloud_is_known_by_its_challenge() -> None:
    for cloud in CLOUDS:
        authority = f"https://{cloud.authority_host}/tenant"
        assert challenged_by(authority, cloud.resource) is cloud
        assert challenged_by(authority, "https://vault.azure.net") is None
        assert challenged_by(f"https://{cloud.authority_host}/", cloud.resource) is None
        assert challenged_by(f"{authority}/more", cloud.resource) is None
        assert challenged_by(authority.replace("https", "http"), cloud.resource) is None
    assert challenged_by("https://elsewhere.example/tenant", CLOUDS[0].resource) is None


@pytest.mark.parametrize(
    ("days", "protection", "level"),
    [
        (90, False, "Recoverable+Purgeable"),
        (90, True, "Recoverable"),
        (7, False, "CustomizedRecoverable+Purgeable"),
        (89, True, "CustomizedRecoverable"),
    ],
)
def test_the_recovery_level_is_a_word_for_retention_and_protection(
    days: int, protection: bool, level: str
) -> None:
    assert Configuration(retention_days=days, purge_protection=protection).recovery_level == level


def test_the_recovery_level_is_not_known_where_the_configuration_is_not() -> None:
    assert Configuration(retention_days=UNKNOWN).recovery_level is None
    assert Configuration(purge_protection=UNKNOWN).recovery_level is None


@pytest.mark.parametrize("days", [6, 91, 0, -1])
def test_a_retention_that_no_instance_has_is_a_value_error(days: int) -> None:
    with pytest.raises(ValueError, match="7 to 90"):
        Configuration(retention_days=days)


def test_policies_are_compared_as_documents() -> None:
    one, other = b'{"version": "1.0", "anyOf": []}', b'{"anyOf":[],"version":"1.0.0"}'
    assert same_policy_text(one, other)
    assert same_policy_text(one, normalised(one))
    assert normalised(normalised(one)) == normalised(one)
    assert not same_policy_text(one, b'{"version":"1.1"}')
    assert same_policy_text(b"text", b"text")
    assert not same_policy_text(b"text", b"{}")
    assert has_version(one)
    assert not has_version(b"{}")


DEEP: Final = b'{"version":"1.0","anyOf":' + b"[" * 900 + b"]" * 900 + b"}"


@pytest.mark.parametrize(
    "data",
    [b"", b"[" * 100_000, b"\xff", b"null", b"[1]", b'{"version":1}', DEEP],
    ids=["empty", "endless", "no text", "null", "list", "number", "deep"],
)
def test_no_policy_text_is_too_odd(data: bytes) -> None:
    normalised(data)
    has_version(data)
    assert same_policy_text(data, data)


# --- operations -----------------------------------------------------------------------------------


def test_every_request_has_an_operation_or_is_none() -> None:
    requests = set(typing.get_args(Request))
    assert requests == {*BY_REQUEST, Malformed, NoOperation, Unmodelled}
    assert len(BY_REQUEST) == len(OPERATIONS)
    assert len({row.name for row in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.name)
def test_what_a_guard_presupposes_stands_before_it(row: Operation[Any, Any]) -> None:
    for place, guard in enumerate(row.guards):
        for needed in guard.presupposes:
            assert needed in row.guards[:place], guard.clause.identifier


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.name)
def test_no_rule_stands_twice_in_an_operation(row: Operation[Any, Any]) -> None:
    identifiers = [guard.clause.identifier for guard in row.guards]
    identifiers += [ensure.clause.identifier for ensure in row.ensures]
    assert len(set(identifiers)) == len(identifiers)
