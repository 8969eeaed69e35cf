"""What KeyClient does: births, reads, lists, changes, deletions, backups."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from mhsm_conformance.witnesses.python.flavour import pages, settled
from mhsm_conformance.witnesses.python.own_keys import OwnKey, own_ec, own_oct, own_rsa
from mhsm_conformance.witnesses.python.stand import Stand, coordinates, names_of
from mhsm_conformance.witnesses.testimony import Claims, Scene, equal, signs

__all__ = ["key_scenes"]

_RSA_BITS: Final = (2048, 3072, 4096)
_OCT_BITS: Final = (128, 192, 256)
_CURVES: Final = ("P-256", "P-384", "P-521", "P-256K")
_POLICY: Final = {
    "version": "1.0.0",
    "anyOf": [
        {
            "authority": "https://sharedeus.eus.attest.azure.net/",
            "allOf": [{"claim": "x-ms-attestation-type", "equals": "sevsnpvm"}],
        }
    ],
}


def key_scenes(stand: Stand) -> list[Scene]:
    """The scenes of KeyClient, in the order in which they are played."""
    scenes = _KeyScenes(stand)
    return [
        *(scenes.birth(f"RSA-HSM {bits}", scenes.rsa_born(bits)) for bits in _RSA_BITS),
        *(scenes.birth(f"EC-HSM {curve}", scenes.ec_born(curve)) for curve in _CURVES),
        *(scenes.birth(f"oct-HSM {bits}", scenes.oct_born(bits)) for bits in _OCT_BITS),
        *(Scene(f"import_key {key.kind}", scenes.imported(key)) for key in _own_keys()),
        Scene("create_key with attributes and tags", scenes.attributes),
        Scene("create_rsa_key with release_policy", scenes.release_policy),
        Scene("get_key, a version and the latest", scenes.versions),
        Scene("list_properties_of_key_versions", scenes.version_list),
        Scene("list_properties_of_keys, page by page", scenes.key_list),
        Scene("update_key_properties", scenes.update),
        Scene("update_key_properties, disabled", scenes.disabled),
        Scene("delete_key and list_deleted_keys", scenes.deletion),
        Scene("recover_deleted_key", scenes.recovery),
        Scene("purge_deleted_key", scenes.purge),
        Scene("backup_key and restore_key_backup", scenes.backup),
        Scene("restore_key_backup over a key", scenes.restore_over),
        Scene("get_random_bytes", scenes.random_bytes),
        Scene("get_key, no such key", scenes.missing),
        Scene("create_key, the name deleted", scenes.name_in_use),
        Scene("rotate_key", scenes.call("rotate_key"), is_modelled=False),
        Scene("get_key_rotation_policy", scenes.call("get_key_rotation_policy"), is_modelled=False),
        Scene("get_key_attestation", scenes.call("get_key_attestation"), is_modelled=False),
        Scene("release_key", scenes.call("release_key", "a.b.c"), is_modelled=False),
    ]


def _own_keys() -> list[OwnKey]:
    return [own_rsa(), *map(own_ec, _CURVES), *map(own_oct, _OCT_BITS)]


class _KeyScenes:
    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.client = stand.client

    def birth(self, kind: str, play: Callable[[], Any]) -> Scene:
        return Scene(f"create {kind}", play)

    def rsa_born(self, bits: int) -> Callable[[], Any]:
        async def play() -> Claims:
            name = self.stand.name("rsa")
            made = await settled(
                self.client.create_rsa_key(name, size=bits, hardware_protected=True)
            )
            exact = int.from_bytes(made.key.n, "big").bit_length()
            return [
                equal("the key type", "RSA-HSM", made.key.kty.value),
                equal("the bits of the modulus", bits, exact),
                *await self._read_back(made, "n", "e"),
            ]

        return play

    def ec_born(self, curve: str) -> Callable[[], Any]:
        async def play() -> Claims:
            name = self.stand.name("ec")
            made = await settled(
                self.client.create_ec_key(name, curve=curve, hardware_protected=True)
            )
            return [
                equal("the key type", "EC-HSM", made.key.kty.value),
                equal("the curve", curve, *names_of([made.key.crv])),
                *await self._read_back(made, "x", "y"),
            ]

        return play

    def oct_born(self, bits: int) -> Callable[[], Any]:
        async def play() -> Claims:
            name = self.stand.name("oct")
            made = await settled(
                self.client.create_oct_key(name, size=bits, hardware_protected=True)
            )
            return [
                equal("the key type", "oct-HSM", made.key.kty.value),
                equal("the secret that is shown", None, made.key.k),
                *await self._read_back(made),
            ]

        return play

    async def _read_back(self, made: Any, *members: str) -> list[dict[str, Any]]:
        read = await settled(self.client.get_key(made.name))
        return [
            equal("the identifier read", made.id, read.id),
            *(
                equal(f"{member} read", getattr(made.key, member), getattr(read.key, member))
                for member in members
            ),
        ]

    def imported(self, key: OwnKey) -> Callable[[], Any]:
        async def play() -> Claims:
            made = await self.stand.imported(key)
            digest = secrets.token_bytes(key.digest_bytes)
            signed = await settled(self.stand.cryptography(made).sign(key.signs, digest))
            return [
                equal("the key type", key.hsm_type, made.key.kty.value),
                equal("what is private of it", None, made.key.d or made.key.k or made.key.p),
                equal("what is public of it", key.public(), coordinates(made)),
                signs(key.material(), key.signs, digest, signed.signature),
            ]

        return play

    async def attributes(self) -> Claims:
        begins = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        ends = begins + timedelta(days=400)
        made = await settled(
            self.client.create_key(
                self.stand.name("attributes"),
                "EC-HSM",
                curve="P-256",
                key_operations=["sign"],
                enabled=True,
                not_before=begins,
                expires_on=ends,
                tags={"colour": "blue", "größe": "1"},
            )
        )
        read = (await settled(self.client.get_key(made.name))).properties
        return [
            equal("key_ops", ["sign"], names_of(made.key_operations)),
            equal("enabled", True, read.enabled),
            equal("not_before", begins.isoformat(), read.not_before.isoformat()),
            equal("expires_on", ends.isoformat(), read.expires_on.isoformat()),
            equal("tags", {"colour": "blue", "größe": "1"}, read.tags),
            equal("recovery_level", "Recoverable+Purgeable", read.recovery_level),
            equal("hsm in vault_url", self.stand.url, read.vault_url),
        ]

    async def release_policy(self) -> Claims:
        policy = self.stand.flavour.shared.KeyReleasePolicy(
            json.dumps(_POLICY).encode(), immutable=False
        )
        made = await settled(
            self.client.create_rsa_key(
                self.stand.name("released"),
                hardware_protected=True,
                exportable=True,
                release_policy=policy,
            )
        )
        read = (await settled(self.client.get_key(made.name))).properties
        return [
            equal("exportable", True, read.exportable),
            equal("the policy", _POLICY, json.loads(read.release_policy.encoded_policy)),
            equal("immutable", False, read.release_policy.immutable),
        ]

    async def versions(self) -> Claims:
        name = self.stand.name("versions")
        made = [await self.stand.small(name) for _ in range(2)]
        first = await settled(self.client.get_key(name, made[0].properties.version))
        latest = await settled(self.client.get_key(name))
        return [
            equal("the first version", made[0].key.x, first.key.x),
            equal("the latest version", made[1].id, latest.id),
            equal("two versions are one", False, made[0].id == made[1].id),
        ]

    async def version_list(self) -> Claims:
        name = self.stand.name("many-versions")
        made = [await self.stand.small(name) for _ in range(5)]
        found = await pages(self.client.list_properties_of_key_versions(name, max_page_size=2))
        return [
            equal("the versions", sorted(key.id for key in made), _ids(found)),
            equal("no page is too long", True, all(len(page) <= 2 for page in found)),
            equal("more than one page", True, len(found) > 2),
        ]

    async def key_list(self) -> Claims:
        before = await pages(self.client.list_properties_of_keys())
        made = [await self.stand.small(self.stand.name("listed")) for _ in range(7)]
        found = await pages(self.client.list_properties_of_keys(max_page_size=3))
        names = [item.name for page in found for item in page]
        expected = {item.name for page in before for item in page} | {key.name for key in made}
        return [
            equal("the names", sorted(expected), sorted(names)),
            equal("no page is too long", True, all(len(page) <= 3 for page in found)),
            equal("more than two pages", True, len(found) > 2),
        ]

    async def update(self) -> Claims:
        made = await self.stand.small(self.stand.name("updated"))
        ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
        changed = await settled(
            self.client.update_key_properties(
                made.name, key_operations=["verify"], expires_on=ends, tags={"a": "b"}
            )
        )
        read = await settled(self.client.get_key(made.name))
        return [
            equal("the version", made.id, changed.id),
            equal("the key", made.key.x, read.key.x),
            equal("key_ops", ["verify"], names_of(read.key_operations)),
            equal("expires_on", ends.isoformat(), read.properties.expires_on.isoformat()),
            equal("tags", {"a": "b"}, read.properties.tags),
        ]

    async def disabled(self) -> Claims:
        made = await self.stand.small(self.stand.name("disabled"))
        await settled(self.client.update_key_properties(made.name, enabled=False))
        client = self.stand.cryptography(made)
        refused = await self.stand.refusal(lambda: client.sign("ES256", bytes(32)))
        await settled(self.client.update_key_properties(made.name, enabled=True))
        signed = await settled(client.sign("ES256", bytes(32)))
        return [
            equal("the status of a use", 403, refused and refused[0]),
            signs(coordinates(made), "ES256", bytes(32), signed.signature),
        ]

    async def deletion(self) -> Claims:
        made = [await self.stand.small(self.stand.name("deleted")) for _ in range(4)]
        before = datetime.now(UTC) - timedelta(seconds=2)
        deleted = [await self.stand.deleted(key.name) for key in made]
        found = await pages(self.client.list_deleted_keys(max_page_size=2))
        names = {item.name for page in found for item in page}
        listed = await pages(self.client.list_properties_of_keys())
        still = {item.name for page in listed for item in page} & {key.name for key in made}
        one = await settled(self.client.get_deleted_key(made[0].name))
        refused = await self.stand.refusal(lambda: self.client.get_key(made[0].name))
        days = (one.scheduled_purge_date - one.deleted_date).days
        return [
            equal("the identifiers", [key.id for key in made], [key.id for key in deleted]),
            equal("the recovery_id", f"{self.stand.url}/deletedkeys/{one.name}", one.recovery_id),
            equal("the deleted keys missed", [], sorted({key.name for key in made} - names)),
            equal("the deleted keys among the others", [], sorted(still)),
            equal("no page is too long", True, all(len(page) <= 2 for page in found)),
            equal("the key", made[0].key.x, one.key.x),
            equal("it was deleted just now", True, before <= one.deleted_date),
            equal("the days that it is kept", 90, days),
            equal("reading it", [404, "KeyNotFound"], refused and [*refused]),
        ]

    async def recovery(self) -> Claims:
        made = await self.stand.small(self.stand.name("recovered"))
        await self.stand.deleted(made.name)
        recovered = await self.stand.recovered(made.name)
        read = await settled(self.client.get_key(made.name))
        signed = await settled(self.stand.cryptography(read).sign("ES256", bytes(32)))
        gone = await self.stand.refusal(lambda: self.client.get_deleted_key(made.name))
        return [
            equal("the identifier", made.id, recovered.id),
            equal("the key", made.key.x, read.key.x),
            signs(coordinates(made), "ES256", bytes(32), signed.signature),
            equal("the status of the deleted key", 404, gone and gone[0]),
        ]

    async def purge(self) -> Claims:
        made = await self.stand.small(self.stand.name("purged"))
        await self.stand.deleted(made.name)
        await settled(self.client.purge_deleted_key(made.name))
        gone = await self.stand.refusal(lambda: self.client.get_deleted_key(made.name))
        again = await self.stand.small(made.name)
        return [
            equal("the status of the deleted key", 404, gone and gone[0]),
            equal("the name is free", made.name, again.name),
            equal("the key is another", False, made.key.x == again.key.x),
        ]

    async def backup(self) -> Claims:
        name = self.stand.name("backed-up")
        made = [await self.stand.small(name) for _ in range(2)]
        blob = await settled(self.client.backup_key(name))
        await self.stand.deleted(name)
        await settled(self.client.purge_deleted_key(name))
        restored = await settled(self.client.restore_key_backup(blob))
        found = await pages(self.client.list_properties_of_key_versions(name))
        old = await settled(self.client.get_key(name, made[0].properties.version))
        signed = await settled(self.stand.cryptography(old).sign("ES256", bytes(32)))
        return [
            equal("the latest version", made[1].id, restored.id),
            equal("the versions", sorted(key.id for key in made), _ids(found)),
            signs(coordinates(made[0]), "ES256", bytes(32), signed.signature),
        ]

    async def restore_over(self) -> Claims:
        made = await self.stand.small(self.stand.name("still-there"))
        blob = await settled(self.client.backup_key(made.name))
        refused = await self.stand.refusal(lambda: self.client.restore_key_backup(blob))
        read = await settled(self.client.get_key(made.name))
        return [
            equal("the status", 409, refused and refused[0]),
            equal("the key", made.id, read.id),
        ]

    async def random_bytes(self) -> Claims:
        drawn = [await settled(self.client.get_random_bytes(count)) for count in (1, 32, 128)]
        again = await settled(self.client.get_random_bytes(32))
        return [
            equal("the lengths", [1, 32, 128], [len(value) for value in drawn]),
            equal("two draws are one", False, again == drawn[1]),
        ]

    async def missing(self) -> Claims:
        refused = await self.stand.refusal(lambda: self.client.get_key("no-such-key"))
        return [equal("the refusal", [404, "KeyNotFound"], refused and [*refused])]

    async def name_in_use(self) -> Claims:
        made = await self.stand.small(self.stand.name("in-use"))
        await self.stand.deleted(made.name)
        refused = await self.stand.refusal(
            lambda: self.client.create_ec_key(made.name, hardware_protected=True)
        )
        return [equal("the status", 409, refused and refused[0])]

    def call(self, method: str, *arguments: Any) -> Callable[[], Any]:
        async def play() -> Claims:
            made = await self.stand.small(self.stand.name("beyond"))
            await settled(getattr(self.client, method)(made.name, *arguments))
            return []

        return play


def _ids(found: Sequence[Sequence[Any]]) -> list[str]:
    return sorted(item.id for page in found for item in page)
