"""What an onlooker remembers of names that were given before."""

from __future__ import annotations

import pytest

from mhsm_model.exchange import Attributes, CreateKey, GetKey, ImportKey, KeyBundle, Request
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.jwk import JsonWebKey
from mhsm_model.wire.http import HttpRequest
from mhsm_model.wire.onlooker import Onlooker
from mhsm_model.wire.response_codec import ServerMarks, encode_reply

HOST, OTHER_HOST = "one.managedhsm.azure.net", "other.managedhsm.azure.net"
FIRST, SECOND = "1" * 32, "2" * 32
CREATE, IMPORT = CreateKey("k", "EC"), ImportKey("k", JsonWebKey("oct", k=bytes(16)))


def shown(onlooker: Onlooker, version: str, name: str, host: str, request: Request) -> bool | None:
    """What the onlooker says of a reply that shows the version."""
    attributes = Attributes(True, 1, 1, "Recoverable", 90)
    bundle = KeyBundle(KeyIdentifier(host, name, version), "oct-HSM", None, ("sign",), attributes)
    sent = HttpRequest("POST", host, f"/keys/{name}/create?api-version=7.4")
    answered = encode_reply("POST", bundle, ServerMarks("c5a8b9a0-d1b8-11ee-a506-0242ac120002"))
    return onlooker.receive(sent, answered, request).repeats_version


@pytest.mark.parametrize("request_", [CREATE, IMPORT])
@pytest.mark.parametrize(("name", "host"), [("another", HOST), ("k", OTHER_HOST)])
def test_a_version_that_another_key_has_had_is_no_new_name(
    request_: Request, name: str, host: str
) -> None:
    onlooker = Onlooker()
    told = [
        shown(onlooker, FIRST, "k", HOST, request_),
        shown(onlooker, FIRST, name, host, request_),
        shown(onlooker, SECOND, name, host, request_),
        shown(onlooker, SECOND, "k", HOST, request_),
    ]
    assert told == [None, True, False, True]


def test_a_key_alone_has_no_other_to_be_held_to() -> None:
    onlooker = Onlooker()
    # That a key has a version twice is another clause, KEY-006.
    assert {shown(onlooker, FIRST, "k", HOST, CREATE) for _ in range(3)} == {None}


def test_only_what_makes_a_version_names_one() -> None:
    onlooker = Onlooker()
    shown(onlooker, FIRST, "k", HOST, CREATE)
    assert shown(onlooker, FIRST, "another", HOST, GetKey("another")) is None
    assert shown(onlooker, SECOND, "another", HOST, CREATE) is False
