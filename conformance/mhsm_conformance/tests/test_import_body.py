"""The command `mhsm jwk`: what it prints, writes and refuses, and that the key is the same key."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from mhsm_conformance.import_body import (
    ImportBodyError,
    import_body,
    key_operations,
    passphrase_in,
    passphrase_of,
    pem_key,
    write_private,
)
from mhsm_conformance.tests.tampering import HOST, Tampering, session_on
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.exchange import ImportKey, Sign
from mhsm_model.relations.secrets import EcSecret, RsaSecret, imported_secret
from mhsm_model.tables.key_types import CURVES
from mhsm_model.wire.http import HttpRequest
from mhsm_model.wire.request_decoding import decode_request

PASSPHRASE: Final = b"correct horse"
KINDS: Final = ("RSA 2048", "EC P-256", "EC P-256K", "EC P-384", "EC P-521")
PREHASHED: Final[dict[str, tuple[str, hashes.HashAlgorithm]]] = {
    "P-256": ("ES256", hashes.SHA256()),
    "P-256K": ("ES256K", hashes.SHA256()),
    "P-384": ("ES384", hashes.SHA384()),
    "P-521": ("ES512", hashes.SHA512()),
}


def private_key(kind: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    secret = imported_secret(sample_key(kind))
    assert isinstance(secret, RsaSecret | EcSecret)
    return secret.key


def pem_file(folder: Path, kind: str = "EC P-256", passphrase: bytes | None = None) -> str:
    encryption: KeySerializationEncryption = NoEncryption()
    if passphrase is not None:
        encryption = BestAvailableEncryption(passphrase)
    path = folder / "key.pem"
    path.write_bytes(private_key(kind).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return str(path)


def mhsm_jwk(
    *words: str, given: bytes = b"", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "mhsm_conformance.entry", "jwk", *words]
    known = {**os.environ, **(environment or {})}
    return subprocess.run(command, input=given, capture_output=True, env=known, check=False)


def told(done: subprocess.CompletedProcess[bytes]) -> str:
    """The one sentence of a command that was not carried out."""
    assert done.returncode == 2
    assert done.stdout == b""
    sentence, *more = done.stderr.decode().splitlines()
    assert more == []
    return sentence.removeprefix("mhsm: ")


# --- the key is the same key ----------------------------------------------------------------------


@pytest.mark.parametrize("curve", CURVES)
def test_what_an_imported_ec_key_signs_verifies_with_the_original(
    tmp_path: Path, curve: str
) -> None:
    kind = f"EC {curve}"
    algorithm, digest = PREHASHED[curve]
    _, hsm = session_on(Tampering())
    hsm.created(ImportKey("a", pem_key(pem_file(tmp_path, kind), None)))
    signature = hsm.result(Sign("a", None, algorithm, bytes(digest.digest_size))).value
    r, s = (
        int.from_bytes(half) for half in (signature[: CURVES[curve]], signature[CURVES[curve] :])
    )
    public = private_key(kind).public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(
        encode_dss_signature(r, s), bytes(digest.digest_size), ec.ECDSA(Prehashed(digest))
    )


def test_what_an_imported_rsa_key_signs_verifies_with_the_original(tmp_path: Path) -> None:
    _, hsm = session_on(Tampering())
    path = pem_file(tmp_path, "RSA 2048", PASSPHRASE)
    hsm.created(ImportKey("a", pem_key(path, PASSPHRASE)))
    signature = hsm.result(Sign("a", None, "RS256", bytes(32))).value
    public = private_key("RSA 2048").public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(signature, bytes(32), padding.PKCS1v15(), Prehashed(hashes.SHA256()))


@pytest.mark.parametrize("indented", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_body_is_that_of_an_import_request(kind: str, indented: bool) -> None:
    key = replace(sample_key(kind), key_ops=("sign", "verify"))
    body = import_body(key, indented=indented)
    assert body.endswith("}\n")
    assert body.count("\n") == 1 or indented
    sent = HttpRequest("PUT", HOST, "/keys/a?api-version=7.5", {}, body.encode())
    assert decode_request(sent) == ImportKey("a", key)


# --- its parts ------------------------------------------------------------------------------------


def test_operations_are_a_list_of_known_words() -> None:
    assert key_operations("sign") == ("sign",)
    assert key_operations("verify, sign,verify") == ("verify", "sign")
    for wrong in ("", "sing", "sign,", "Sign"):
        with pytest.raises(ImportBodyError, match=r"is no key operation; there is decrypt, "):
            key_operations(wrong)


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [(b"a b\n", b"a b"), (b"a\r\nb\n", b"a"), (b"a", b"a"), (b"", b""), (b"\xff\n", b"\xff")],
)
def test_a_passphrase_is_the_first_line_of_its_file(
    tmp_path: Path, content: bytes, passphrase: bytes
) -> None:
    path = tmp_path / "passphrase"
    path.write_bytes(content)
    assert passphrase_in(str(path)) == passphrase


def test_a_passphrase_is_the_whole_value_of_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_PASSPHRASE", " hörse\n")
    assert passphrase_of("A_PASSPHRASE") == " hörse\n".encode()
    monkeypatch.delenv("A_PASSPHRASE")
    with pytest.raises(ImportBodyError, match="the environment variable A_PASSPHRASE is not set"):
        passphrase_of("A_PASSPHRASE")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes((1 << 20) + 1))
    for path, problem in (
        (str(tmp_path / "none"), f"{tmp_path}/none cannot be read: no such file or directory"),
        (str(tmp_path), f"{tmp_path} cannot be read: is a directory"),
        (str(large), f"{large} has more than 1048576 bytes, which no such file has"),
        ("", "'' cannot be read: no such file or directory"),
        ("a\0b", r"'a\x00b' cannot be read: this is no name of a file"),
    ):
        with pytest.raises(ImportBodyError) as caught:
            pem_key(path, None)
        assert str(caught.value) == problem


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "body.json"
    write_private(str(path), "{}\n", replacing=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["body.json"]


def test_a_file_is_replaced_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "body.json"
    path.write_text("mine", encoding="utf-8")
    path.chmod(0o644)
    with pytest.raises(ImportBodyError, match="there is something already"):
        write_private(str(path), "{}\n", replacing=False)
    assert path.read_text(encoding="utf-8") == "mine"
    write_private(str(path), "{}\n", replacing=True)
    assert path.read_text(encoding="utf-8") == "{}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    other, path = tmp_path / "other", tmp_path / "body.json"
    other.write_text("theirs", encoding="utf-8")
    path.symlink_to(other)
    with pytest.raises(ImportBodyError, match="there is something already"):
        write_private(str(path), "{}\n", replacing=False)
    write_private(str(path), "{}\n", replacing=True)
    assert other.read_text(encoding="utf-8") == "theirs"
    assert not path.is_symlink()


def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, problem in ((pipe, "it is not a regular file"), (tmp_path, "is a directory")):
        with pytest.raises(ImportBodyError, match=f"was not written: {problem}"):
            write_private(str(path), "{}\n", replacing=True)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_nothing_is_left_where_a_write_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ImportBodyError, match="was not written: no space left on device"):
        write_private(str(tmp_path / "body.json"), "{}\n", replacing=False)
    assert list(tmp_path.iterdir()) == []


# --- the command ----------------------------------------------------------------------------------


def key_in(body: bytes) -> dict[str, Any]:
    key: dict[str, Any] = json.loads(body)["key"]
    return key


def test_a_pipe_gets_the_body(tmp_path: Path) -> None:
    done = mhsm_jwk(pem_file(tmp_path), "--ops", "sign")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == import_body(replace(sample_key("EC P-256"), key_ops=("sign",)))


def test_standard_input_with_a_passphrase_in_a_file(tmp_path: Path) -> None:
    content = Path(pem_file(tmp_path, passphrase=PASSPHRASE)).read_bytes()
    secret = tmp_path / "passphrase"
    secret.write_bytes(PASSPHRASE + b"\n")
    done = mhsm_jwk("-", "--passphrase-file", str(secret), "--indent", given=content)
    assert done.stdout.decode() == import_body(sample_key("EC P-256"), indented=True)


def test_a_file_with_a_passphrase_in_the_environment(tmp_path: Path) -> None:
    pem, out = pem_file(tmp_path, passphrase=PASSPHRASE), tmp_path / "body.json"
    words = (pem, "--passphrase-env", "A_PASSPHRASE", "--out", str(out))
    done = mhsm_jwk(*words, environment={"A_PASSPHRASE": PASSPHRASE.decode()})
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert key_in(out.read_bytes())["crv"] == "P-256"


def test_one_sentence_names_the_file(tmp_path: Path) -> None:
    pem = pem_file(tmp_path, passphrase=PASSPHRASE)
    assert told(mhsm_jwk(pem)) == f"{pem}: the key is encrypted, and no passphrase was given"
    sentence = told(mhsm_jwk("-", given=b"nothing"))
    assert sentence.startswith("standard input: there is no PEM block")
    assert told(mhsm_jwk(pem, "--ops", "dance")).startswith("'dance' is no key operation; there is")


def test_two_passphrases_are_one_too_many(tmp_path: Path) -> None:
    words = ("--passphrase-file", "a", "--passphrase-env", "A")
    done = mhsm_jwk(pem_file(tmp_path), *words)
    assert done.returncode == 2
    assert b"give --passphrase-file or --passphrase-env, not both" in done.stderr


def on_a_terminal(*words: str) -> tuple[int, str]:
    """The exit status, and what a terminal as standard output shows."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "mhsm_conformance.entry", "jwk", *words]
    with subprocess.Popen(command, stdout=slave, stderr=slave, stdin=subprocess.DEVNULL) as process:
        os.close(slave)
        shown = b""
        try:
            while piece := os.read(master, 4096):
                shown += piece
        except OSError:
            pass  # the last writer has gone
        finally:
            os.close(master)
        return process.wait(), shown.decode()


def test_a_terminal_shows_a_private_key_only_when_told_to(tmp_path: Path) -> None:
    pem = pem_file(tmp_path)
    private = key_in(import_body(sample_key("EC P-256")).encode())["d"]
    status, shown = on_a_terminal(pem)
    assert status == 2
    assert shown.startswith("mhsm: the output holds the private key: give --out FILE, or")
    assert private not in shown
    status, shown = on_a_terminal(pem, "--show-private")
    assert status == 0
    assert private in shown
    status, shown = on_a_terminal(pem, "--out", str(tmp_path / "body.json"))
    assert (status, shown) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_output_that_is_full(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mhsm_conformance.entry", "jwk", pem_file(tmp_path)]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    expected = b"mhsm: standard output cannot be written: no space left on device\n"
    assert done.stderr == expected
