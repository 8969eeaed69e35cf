"""Paths and verbs: what is no operation, who asks for it, and links that are followed as given."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import pytest

from mhsm_conformance.session import InstanceSession
from mhsm_model.exchange import CreateKey, Credential, GetKey, KeyPage, ListKeys
from mhsm_model.revisions import LATEST_RECORDED

QUERY: Final = f"?api-version={LATEST_RECORDED}"
EC: Final = b'{"kty":"EC"}'
SIGN: Final = b'{"alg":"ES256","value":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}'
VERSION: Final = "0" * 32
NO_OPERATIONS: Final = (
    ("GET", "/"),
    ("GET", ""),
    ("GET", "/nothing"),
    ("GET", "/Keys"),
    ("GET", "//keys"),
    ("GET", "/keys//subject"),
    ("GET", "/keys/subject/1/2/3"),
    ("GET", f"/keys/subject/{VERSION}/sign"),
    ("PUT", "/keys"),
    ("PATCH", "/keys"),
    ("DELETE", "/keys"),
    ("POST", "/keys"),
    ("POST", "/keys/subject"),
    ("POST", f"/keys/subject/{VERSION}"),
    ("PUT", f"/keys/subject/{VERSION}"),
    ("DELETE", f"/keys/subject/{VERSION}"),
    ("PUT", "/keys/subject/create"),
    ("PUT", "/keys/subject//sign"),
    ("PATCH", f"/keys/subject/{VERSION}/sign"),
    ("DELETE", f"/keys/subject/{VERSION}/encrypt"),
    ("PUT", "/keys/subject/backup"),
    ("PUT", "/keys/restore/backup"),
    ("POST", "/keys/subject/copy"),
    ("POST", "/keys/subject//destroy"),
    ("POST", "/keys/subject/%2F"),
    ("PUT", "/deletedkeys/subject"),
    ("POST", "/deletedkeys/subject"),
    ("GET", "/deletedkeys/subject/recover"),
    ("PUT", "/deletedkeys/subject/recover"),
    ("DELETE", "/deletedkeys"),
    ("DELETE", "/deletedkeys//subject"),
    ("GET", "/rng"),
    ("PUT", "/rng"),
    ("OPTIONS", "/keys/subject"),
    ("TRACE", "/keys/subject"),
    ("BREW", "/keys/subject"),
)


@pytest.mark.exercises("WIRE-204", "WIRE-206", "ERR-023")
@pytest.mark.parametrize(("method", "path"), NO_OPERATIONS)
def test_no_operation(hsm: InstanceSession, method: str, path: str) -> None:
    """A method and a path that are no operation's are refused, and the key stays as it was."""
    hsm.send(CreateKey("subject", "EC", tags={"a": "b"}))
    body = SIGN if "sign" in path else EC if method in ("POST", "PUT", "PATCH") else b""
    hsm.send_message(method, f"{path}{QUERY}", body)
    hsm.send(GetKey("subject"))


@pytest.mark.exercises("WIRE-204", "ERR-023")
def test_no_operation_whose_answer_has_no_body(hsm: InstanceSession) -> None:
    """HEAD is the method of no operation either."""
    for path in ("/keys", "/keys/subject", "/nothing"):
        hsm.send_message("HEAD", f"{path}{QUERY}", b"")


@pytest.mark.exercises("AUTH-001", "AUTH-002", "AUTH-201")
@pytest.mark.parametrize("credential", [Credential.ANONYMOUS, Credential.INVALID])
def test_a_challenge_comes_before_anything_else(
    hsm: InstanceSession, credential: Credential
) -> None:
    """Who shows no good token is challenged, whatever is wrong with what is asked for."""
    for method, target, body in (
        ("GET", "/", b""),
        ("GET", "/keys", b""),
        ("GET", f"/keys/not_a_name{QUERY}", b""),
        ("GET", f"/keys?maxresults=many&api-version={LATEST_RECORDED}", b""),
        ("GET", "/keys/nothing-here?api-version=1999-01-01", b""),
        ("PUT", f"/keys/subject/{VERSION}/copy{QUERY}", b""),
        ("POST", f"/keys/subject/create{QUERY}", b"{"),
        ("POST", f"/keys/subject/create{QUERY}", b'{"kty":1}'),
        ("PATCH", f"/keys/nothing-here{QUERY}", b"[]"),
        ("DELETE", f"/nothing{QUERY}", b""),
    ):
        hsm.send_message(method, target, body, credential=credential)


@pytest.mark.exercises("API-206")
def test_a_next_link_is_followed_as_it_is(hsm: InstanceSession) -> None:
    """A nextLink has no api-version, and needs none."""
    for number in range(3):
        hsm.send(CreateKey(f"subject-{number}", "EC"))
    page = hsm.send(ListKeys(1))
    while isinstance(page, KeyPage) and page.next_link is not None:
        link = urlsplit(page.next_link)
        page = hsm.send_message("GET", f"{link.path}?{link.query}", b"")
