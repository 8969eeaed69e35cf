"""The data folder: what is written is what is read, and what is none is refused in words."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra `server`)")

from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    BackupKey,
    CreateKey,
    DeleteKey,
    GetKey,
    ImportKey,
    PurgeDeletedKey,
    ReleasePolicy,
    Request,
    RequestedAttributes,
    RestoreKey,
    UpdateKey,
)
from mhsm_model.jwk import JsonWebKey
from mhsm_model.relations.secrets import jwk_of
from mhsm_model.state import Estate
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.request_encoding import encode_request
from mhsm_targets.server import serving
from mhsm_targets.server.chance import ForeseeableChance
from mhsm_targets.server.clock import ServerClock
from mhsm_targets.server.estate_store import EstateStore
from mhsm_targets.server.model_backing import ModelBacking
from mhsm_targets.server.records import read_record, record
from mhsm_targets.server.store import FORMAT, Store, StoreError, stored_issuer
from mhsm_targets.tests.served import calling

HOSTS = {"one.invalid": Configuration(), "two.invalid": Configuration(domain="shared")}


def backing(store: Store, seed: int = 1) -> ModelBacking:
    keeper = EstateStore(store)
    state = keeper.state(HOSTS)
    return ModelBacking(HOSTS, ForeseeableChance(seed), ServerClock(), state=state, keeper=keeper)


def sent(model: ModelBacking, request: Request, host: str = "one.invalid") -> HttpResponse:
    return answered(model, encode_request(request, host, "7.6", model.token))


def answered(model: ModelBacking, request: HttpRequest) -> HttpResponse:
    async def answer() -> HttpResponse:
        response = model.exchange(request)
        return response if isinstance(response, HttpResponse) else await response

    return asyncio.run(answer())


def kept(model: ModelBacking) -> tuple[object, ...]:
    """What a restart must bring back, of an estate that may hold more knowledge of what was."""
    estate: Estate = model.estate
    entries = {
        (host, name): factor.entries
        for host, instance in estate.instances.items()
        for name, factor in instance.factors.items()
    }
    archive = estate.archive
    secrets = {name: jwk_of(secret) for name, secret in model.vault.items()}
    public = {name: (m.kind, m.knowledge, m.public) for name, m in estate.materials.items()}
    return entries, dict(archive.backups), dict(archive.parts), secrets, public


REQUESTS: tuple[Request, ...] = (
    CreateKey("rsa", "RSA", 2048, tags={"t": "ä"}),
    CreateKey("ec", "EC", crv="P-521", attributes=RequestedAttributes(expires=4_000_000_000)),
    CreateKey("ec", "EC", crv="P-256K"),
    CreateKey("oct", "oct", 128, key_ops=("encrypt",)),
    CreateKey(
        "policy",
        "EC",
        attributes=RequestedAttributes(exportable=True),
        release_policy=ReleasePolicy(b'{"version":"1.0.0","anyOf":[]}'),
    ),
    ImportKey("imported", JsonWebKey("oct", k=b"k" * 32)),
    ImportKey("imported-too", JsonWebKey("oct", k=b"k" * 32)),
    UpdateKey("oct", None, attributes=RequestedAttributes(enabled=False)),
    BackupKey("ec"),
    DeleteKey("ec"),
    PurgeDeletedKey("ec"),
    DeleteKey("rsa"),
    DeleteKey("oct"),
    PurgeDeletedKey("oct"),
)


def test_a_restart_brings_back_all_that_was_there(tmp_path: Path) -> None:
    store = Store(tmp_path)
    model = backing(store)
    statuses = [sent(model, request).status for request in REQUESTS]
    assert statuses.count(200) + statuses.count(204) >= len(REQUESTS) - 1
    blob = json.loads(sent(model, BackupKey("imported")).body)["value"]
    before = kept(model)
    model.close()
    store.close()
    store = Store(tmp_path)
    again = backing(store, 2)
    assert kept(again) == before
    request = encode_request(RestoreKey(b""), "two.invalid", "7.6", again.token)
    told = answered(again, replace(request, body=json.dumps({"value": blob}).encode()))
    # The blob is known after the restart, and another security domain still cannot read it.
    assert told.status in (400, 403)
    again.close()
    store.close()


def test_what_cannot_be_kept_does_not_happen(tmp_path: Path) -> None:
    store = Store(tmp_path)
    model = backing(store)
    assert sent(model, CreateKey("before", "EC")).status == 200
    with sqlite3.connect(tmp_path / "mhsm.sqlite3") as other:
        other.execute("DROP TABLE material")
    other.close()
    failed = sent(model, CreateKey("after", "EC"))
    assert failed.status == 500
    assert b"no such table" not in failed.body
    assert sent(model, GetKey("after")).status == 404
    assert sent(model, GetKey("before")).status == 200
    model.close()
    store.close()


def test_random_changes_are_kept_one_by_one(tmp_path: Path) -> None:
    chance = random.Random(7)
    store = Store(tmp_path)
    model = backing(store)
    for number in range(60):
        name = f"k{chance.randrange(4)}"
        request = chance.choice(
            (
                CreateKey(name, "EC"),
                CreateKey(name, "oct", 256),
                UpdateKey(name, None, tags={"n": str(number)}),
                DeleteKey(name),
                PurgeDeletedKey(name),
                BackupKey(name),
            )
        )
        sent(model, request, chance.choice(list(HOSTS)))
        if number % 10 == 9:
            before = kept(model)
            store.close()
            model.close()
            store = Store(tmp_path)
            model = backing(store, number)
            assert kept(model) == before
    model.close()
    store.close()


def test_a_folder_serves_one_server_at_a_time_and_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    store = Store(folder)
    with pytest.raises(StoreError, match="another server uses"):
        Store(folder)
    assert stat.S_IMODE((folder / "mhsm.sqlite3").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    store.close()
    Store(folder).close()


def test_a_seed_draws_nothing_twice_for_one_folder(tmp_path: Path) -> None:
    drawn: list[tuple[str, str]] = []
    for _ in range(3):
        with serving(data=str(tmp_path), seed=7) as served, calling(served) as caller:
            for kind in ("EC-HSM", "RSA-HSM"):
                made = caller.call("POST", f"/keys/{kind}/create", {"kty": kind})[1]["key"]
                drawn.append((made["kid"].rpartition("/")[2], made.get("x", made.get("n"))))
    assert len(drawn) == 6
    for column in zip(*drawn, strict=True):
        assert len(set(column)) == 6


def test_a_database_of_somebody_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mhsm.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE theirs (x)")
    with pytest.raises(StoreError, match=r"its mhsm\.sqlite3 is another's"):
        Store(tmp_path)
    with pytest.raises(StoreError, match=r"its mhsm\.sqlite3 is another's"):
        stored_issuer(tmp_path)
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT name FROM sqlite_schema").fetchall() == [("theirs",)]


def test_a_database_of_another_format_is_refused(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / "mhsm.sqlite3") as database:
        database.execute(f"PRAGMA user_version = {FORMAT + 1}")
    database.close()
    with pytest.raises(StoreError, match=f"has format {FORMAT + 1}"):
        Store(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mhsm.sqlite3").write_bytes(b"no database" * 100)
    with pytest.raises(StoreError, match="cannot use the data folder"):
        Store(tmp_path)


def test_a_record_that_is_none_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.transaction() as database:
        database.execute("INSERT INTO key VALUES ('one.invalid', 'x', '{\"type\":\"Path\"}')")
    with pytest.raises(StoreError, match="no record"):
        EstateStore(store).state(HOSTS)
    store.close()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"type":"Path","value":"x"}',
        '{"type":"Key"}',
        '{"value":1}',
        '{"type":"Knowledge"}',
    ],
)
def test_reading_makes_nothing_but_what_is_listed(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_record(text)


def test_what_is_not_listed_is_not_written() -> None:
    with pytest.raises(TypeError, match="PosixPath is not kept"):
        record((Path("x"),))
