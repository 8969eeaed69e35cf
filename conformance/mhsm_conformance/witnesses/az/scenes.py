"""What `az keyvault key` does."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mhsm_conformance.witnesses.az.client import Az, AzError
from mhsm_conformance.witnesses.testimony import Claims, decrypts, encoded, equal, signs

__all__ = ["DEFECTS", "AzScenes"]

DEFECTS: Final = {
    "A256CBCPAD": "azure-keyvault-keys in it uses a random key, another one in each process",
}
"""Algorithms that `az` gets wrong whatever it talks to, and what it does."""

_CURVES: Final = {"P-256": "ES256", "P-256K": "ES256K", "P-384": "ES384", "P-521": "ES512"}
_DIGEST_BYTES: Final = {"256": 32, "384": 48, "512": 64}
_POLICY: Final = {
    "version": "1.0.0",
    "anyOf": [
        {
            "authority": "https://sharedeus.eus.attest.azure.net/",
            "allOf": [{"claim": "x-ms-attestation-type", "equals": "sevsnpvm"}],
        }
    ],
}
_PUBLIC: Final = ("n", "e", "x", "y")

Play = Callable[[], Claims]


class AzScenes:
    """Scenes on the HSM with that name in the cloud, at that URL; `folder` is for files."""

    def __init__(self, az: Az, hsm: str, url: str, folder: Path) -> None:
        self._az = az
        self._hsm = hsm
        self._url = url
        self._folder = folder
        self._run = secrets.token_hex(4)
        self._serial = 0
        self._rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def listed(self) -> dict[str, Play]:
        """The scenes by operation, in the order in which they are played."""
        return {
            **{f"create RSA-HSM {bits}": self._rsa_born(bits) for bits in (2048, 3072, 4096)},
            **{f"create EC-HSM {curve}": self._ec_born(curve) for curve in _CURVES},
            **{f"create oct-HSM {bits}": self._oct_born(bits) for bits in (128, 192, 256)},
            "import --pem-file, RSA": self._imported_rsa,
            "import --pem-file, EC": self._imported_ec,
            **{
                f"sign and verify {name}": self._signature(name)
                for name in (
                    *(f"{scheme}{bits}" for scheme in ("RS", "PS") for bits in _DIGEST_BYTES),
                    *_CURVES.values(),
                    *(f"HS{bits}" for bits in _DIGEST_BYTES),
                )
            },
            **{
                f"encrypt and decrypt {name}": self._encryption(name)
                for name in (
                    *("RSA-OAEP", "RSA-OAEP-256", "RSA1_5"),
                    *(f"A{bits}{mode}" for mode in ("GCM", "CBC", "CBCPAD") for bits in _BITS),
                )
                if name not in DEFECTS
            },
            "show, list-versions": self._versions,
            "list": self._list,
            "create --policy --exportable": self._release_policy,
            "set-attributes": self._attributes,
            "download": self._download,
            "delete, list-deleted, show-deleted, recover": self._recovery,
            "backup, purge, restore": self._backup,
            "random": self._random,
            "show, no such key": self._missing,
            "show --id": self._by_identifier,
        }

    def defective(self) -> dict[str, Play]:
        """The scenes of DEFECTS: what was encrypted is not decrypted again."""
        return {f"encrypt and decrypt {name}": self._lost(name) for name in DEFECTS}

    def beyond(self) -> dict[str, Callable[[], str | None]]:
        """The commands for chapters that no target has, and the code that each is refused with."""
        return {
            "rotate": lambda: self._beyond("rotate"),
            "rotation-policy show": lambda: self._beyond("rotation-policy", "show"),
            "get-attestation": lambda: self._beyond("get-attestation"),
        }

    def _beyond(self, *command: str) -> str | None:
        name = self._created("--kty", "EC-HSM")["name"]
        return self._az.refusal("keyvault", "key", *command, *self._at(name))

    # --- births -----------------------------------------------------------------------------------

    def _rsa_born(self, bits: int) -> Play:
        def play() -> Claims:
            made = self._created("--kty", "RSA-HSM", "--size", str(bits))
            exact = int.from_bytes(base64.b64decode(made["key"]["n"]), "big").bit_length()
            return [equal("the bits", bits, exact), *self._read_back(made, "RSA-HSM")]

        return play

    def _ec_born(self, curve: str) -> Play:
        def play() -> Claims:
            made = self._created("--kty", "EC-HSM", "--curve", curve)
            return [
                equal("the curve", curve, made["key"]["crv"]),
                *self._read_back(made, "EC-HSM"),
            ]

        return play

    def _oct_born(self, bits: int) -> Play:
        def play() -> Claims:
            made = self._created("--kty", "oct-HSM", "--size", str(bits), "--ops", "encrypt")
            return [equal("the secret", None, made["key"]["k"]), *self._read_back(made, "oct-HSM")]

        return play

    def _read_back(self, made: dict[str, Any], kind: str) -> Claims:
        read = self._key("show", made["name"])
        return [
            equal("the key type", kind, read["key"]["kty"]),
            equal("the identifier read", made["key"]["kid"], read["key"]["kid"]),
            equal("what is public, read", _public(made), _public(read)),
        ]

    def _imported_rsa(self) -> Claims:
        numbers = self._rsa.public_key().public_numbers()
        made = self._imported(self._rsa)
        exact = int.from_bytes(base64.b64decode(made["key"]["n"]), "big")
        return [
            equal("the key type", "RSA-HSM", made["key"]["kty"]),
            equal("the modulus", str(numbers.n), str(exact)),
            equal("what is private of it", None, made["key"]["d"]),
        ]

    def _imported_ec(self) -> Claims:
        private = ec.generate_private_key(ec.SECP256R1())
        made = self._imported(private)
        exact = int.from_bytes(base64.b64decode(made["key"]["x"]), "big")
        return [
            equal("the key type", "EC-HSM", made["key"]["kty"]),
            equal("x", str(private.public_key().public_numbers().x), str(exact)),
            equal("what is private of it", None, made["key"]["d"]),
        ]

    # --- uses -------------------------------------------------------------------------------------

    def _signature(self, algorithm: str) -> Play:
        def play() -> Claims:
            made = self._for_signing(algorithm)
            digest = secrets.token_bytes(_DIGEST_BYTES[algorithm[2:5]])
            told = ("--algorithm", algorithm, "--digest", _text(digest))
            signature = base64.b64decode(self._key("sign", made["name"], *told)["signature"])
            good, bad = [
                self._key("verify", made["name"], *told, "--signature", _text(value))["isValid"]
                for value in (signature, _altered(signature))
            ]
            # The secret of a symmetric key is nowhere but in the HSM: `az` cannot import one.
            outside = (
                []
                if algorithm.startswith("HS")
                else [signs(_public(made), algorithm, digest, signature)]
            )
            return [
                *outside,
                equal("verified", True, good),
                equal("an altered one verified", False, bad),
            ]

        return play

    def _for_signing(self, algorithm: str) -> dict[str, Any]:
        if algorithm.startswith("HS"):
            return self._created("--kty", "oct-HSM", "--size", "256", "--ops", "sign", "verify")
        for curve, its in _CURVES.items():
            if its == algorithm:
                return self._created("--kty", "EC-HSM", "--curve", curve)
        return self._created("--kty", "RSA-HSM", "--size", "2048")

    def _encryption(self, algorithm: str) -> Play:
        def play() -> Claims:
            plaintext = secrets.token_bytes(32)
            if algorithm.startswith("RSA"):
                made = self._imported(self._rsa)
            else:
                size = algorithm[1:4]
                operations = ("--ops", "encrypt", "decrypt")
                made = self._created("--kty", "oct-HSM", "--size", size, *operations)
            more: list[str] = []
            if "GCM" in algorithm:
                more = ["--aad", secrets.token_bytes(16).hex()]
            if "CBC" in algorithm:
                more = ["--iv", secrets.token_bytes(16).hex()]
            told = ("--algorithm", algorithm)
            sent = self._key("encrypt", made["name"], *told, "--value", _text(plaintext), *more)
            if "GCM" in algorithm:
                more += ["--iv", sent["iv"], "--tag", sent["tag"]]
            undone = self._key("decrypt", made["name"], *told, "--value", sent["result"], *more)
            ciphertext = base64.b64decode(sent["result"])
            outside = (
                [decrypts({"pem": _pem(self._rsa)}, algorithm, plaintext, ciphertext)]
                if algorithm.startswith("RSA")
                else [equal("it is as it was", False, ciphertext == plaintext)]
            )
            return [*outside, equal("decrypted", encoded(plaintext), undone["result"])]

        return play

    def _lost(self, algorithm: str) -> Play:
        def play() -> Claims:
            try:
                _, undone = self._encryption(algorithm)()
            except AzError as error:
                return [equal("the code of decrypting", "BadParameter", error.code)]
            # By chance the padding of other bytes is right.
            return [equal("it is decrypted", False, undone["expected"] == undone["observed"])]

        return play

    # --- reads, changes, deletions ----------------------------------------------------------------

    def _versions(self) -> Claims:
        made = self._created("--kty", "EC-HSM")
        again = self._key("create", made["name"], "--kty", "EC-HSM")
        kids = sorted(key["key"]["kid"] for key in (made, again))
        found = self._key("list-versions", made["name"])
        old = self._key("show", made["name"], "--version", made["key"]["kid"].rpartition("/")[2])
        return [
            equal("the versions", kids, sorted(item["kid"] for item in found)),
            equal("the first version", _public(made), _public(old)),
        ]

    def _list(self) -> Claims:
        made = [self._created("--kty", "EC-HSM")["name"] for _ in range(3)]
        found = self._az("keyvault", "key", "list", "--hsm-name", self._hsm)
        names = [item["name"] for item in found]
        return [
            equal("the keys missed", [], sorted({*made} - {*names})),
            equal("the names that are told twice", 0, len(names) - len({*names})),
        ]

    def _release_policy(self) -> Claims:
        path = self._folder / "policy.json"
        path.write_text(json.dumps(_POLICY), "utf-8")
        told = ("--kty", "RSA-HSM", "--exportable", "true", "--policy", str(path))
        made = self._created(*told)
        shown = self._key("show", made["name"])
        policy = shown["releasePolicy"]["encodedPolicy"]
        return [
            equal("exportable", True, shown["attributes"]["exportable"]),
            equal("the policy", _POLICY, json.loads(policy)),
        ]

    def _attributes(self) -> Claims:
        made = self._created("--kty", "EC-HSM")
        ends = "2099-01-01T00:00:00+00:00"
        told = ("--expires", "2099-01-01T00:00:00Z", "--tags", "a=b", "--ops", "verify")
        self._key("set-attributes", made["name"], *told)
        read = self._key("show", made["name"])
        return [
            equal("expires", ends, read["attributes"]["expires"]),
            equal("tags", {"a": "b"}, read["tags"]),
            equal("key_ops", ["verify"], read["key"]["keyOps"]),
            equal("what is public", _public(made), _public(read)),
        ]

    def _download(self) -> Claims:
        made = self._imported(self._rsa)
        path = self._folder / f"{made['name']}.pem"
        self._key("download", made["name"], "--file", str(path))
        loaded = serialization.load_pem_public_key(path.read_bytes())
        return [equal("the public key", True, loaded == self._rsa.public_key())]

    def _recovery(self) -> Claims:
        made = self._created("--kty", "EC-HSM")
        self._key("delete", made["name"])
        listed = self._az("keyvault", "key", "list-deleted", "--hsm-name", self._hsm)
        others = self._az("keyvault", "key", "list", "--hsm-name", self._hsm)
        shown = self._key("show-deleted", made["name"])
        gone = self._az.refusal("keyvault", "key", "show", *self._at(made["name"]))
        self._key("recover", made["name"])
        read = self._key("show", made["name"])
        return [
            equal("it is listed", True, made["name"] in {item["name"] for item in listed}),
            equal("it is among the others", False, made["name"] in {o["name"] for o in others}),
            equal("its recoveryId", f"{self._url}/deletedkeys/{made['name']}", shown["recoveryId"]),
            equal("reading it", "KeyNotFound", gone),
            equal("what is public", _public(made), _public(read)),
        ]

    def _backup(self) -> Claims:
        made = self._created("--kty", "EC-HSM")
        path = str(self._folder / f"{made['name']}.backup")
        self._key("backup", made["name"], "--file", path)
        over = self._az.refusal(
            "keyvault", "key", "restore", "--hsm-name", self._hsm, "--file", path
        )
        self._key("delete", made["name"])
        self._key("purge", made["name"])
        gone = self._az.refusal("keyvault", "key", "show-deleted", *self._at(made["name"]))
        self._az("keyvault", "key", "restore", "--hsm-name", self._hsm, "--file", path)
        read = self._key("show", made["name"])
        return [
            equal("restoring over a key", "Conflict", over),
            equal("the purged key", "KeyNotFound", gone),
            equal("the identifier", made["key"]["kid"], read["key"]["kid"]),
            equal("what is public", _public(made), _public(read)),
        ]

    def _random(self) -> Claims:
        drawn = [
            self._az("keyvault", "key", "random", "--hsm-name", self._hsm, "--count", "24")
            for _ in range(2)
        ]
        lengths = [len(base64.b64decode(told["value"])) for told in drawn]
        return [
            equal("the lengths", [24, 24], lengths),
            equal("two draws are one", False, drawn[0] == drawn[1]),
        ]

    def _missing(self) -> Claims:
        code = self._az.refusal("keyvault", "key", "show", *self._at("no-such-key"))
        return [equal("the code", "KeyNotFound", code)]

    def _by_identifier(self) -> Claims:
        made = self._created("--kty", "EC-HSM")
        read = self._az("keyvault", "key", "show", "--id", made["key"]["kid"])
        return [equal("what is public", _public(made), _public(read))]

    # --- commands ---------------------------------------------------------------------------------

    def _at(self, name: str) -> tuple[str, ...]:
        return ("--hsm-name", self._hsm, "--name", name)

    def _key(self, command: str, name: str, *more: str) -> Any:
        return self._az("keyvault", "key", command, *self._at(name), *more)

    def _created(self, *more: str) -> dict[str, Any]:
        return self._born("create", *more)

    def _imported(self, private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> dict[str, Any]:
        path = self._folder / "import.pem"
        path.write_text(_pem(private), "utf-8")
        try:
            return self._born("import", "--pem-file", str(path))
        finally:
            path.unlink()

    def _born(self, command: str, *more: str) -> dict[str, Any]:
        self._serial += 1
        name = f"az-{self._run}-{self._serial}"
        made: dict[str, Any] = self._key(command, name, *more)
        return {**made, "name": name}


_BITS: Final = (128, 192, 256)


def _pem(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


def _public(key: dict[str, Any]) -> dict[str, Any]:
    """The public members: `az` shows bytes in base64."""
    shown = {name: key["key"][name] for name in (*_PUBLIC, "crv")}
    return {name: value for name, value in shown.items() if value is not None}


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _altered(value: bytes) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 1])
