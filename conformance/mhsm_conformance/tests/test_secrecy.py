"""What was imported is in no report, also where the target gives it away."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from mhsm_conformance.faults import ConformanceFailure
from mhsm_conformance.recorder import recorded_session
from mhsm_conformance.tests.tampering import Tampering, session_on
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.exchange import Encrypt, GetKey, ImportKey, Request, Sign
from mhsm_model.jwk import PRIVATE_MEMBERS, JsonWebKey
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.mutants.gallery import gallery

LEAKING: Final = tuple(row.name for row in gallery() if row.clause == "KEY-213")
KINDS: Final = ("RSA 2048", "EC P-256", "EC P-521", "oct 256")
TRACE: Final = 12
"""So many letters of a secret in a row are a part of it; fewer meet by chance in a long report."""


def written(key: JsonWebKey) -> Iterator[str]:
    """The private members in the forms that the mutants and a careless report would use."""
    for name in PRIVATE_MEMBERS:
        secret: bytes | None = getattr(key, name)
        if secret is None:
            continue
        yield secret.hex()
        yield secret.hex().upper()
        yield str(int.from_bytes(secret))
        yield repr(secret)[2:-1]
        for before in range(3):
            for text in (b"=" * before + secret, b"key="[:before] + secret):
                yield base64.b64encode(text).decode()[2 * before : -4]
                yield base64.urlsafe_b64encode(text).decode()[2 * before : -4]


def pieces(*kinds: str) -> frozenset[str]:
    """Every piece of TRACE letters of a private member of the samples."""
    texts = (text for kind in kinds for text in written(sample_key(kind)))
    return frozenset(t[i : i + TRACE] for t in texts for i in range(len(t) - TRACE + 1))


SECRETS: Final = pieces(*KINDS)


def shown_secrets(report: str) -> set[str]:
    # JSON escapes and the indents of wrapped lines must not hide one.
    joined = "".join(report.split()).replace("\\/", "/")
    found = {joined[i : i + TRACE] for i in range(len(joined))}
    found |= {report[i : i + TRACE] for i in range(len(report))}
    return found & SECRETS


def mhsm(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mhsm_conformance.entry", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_probe_finds_a_secret() -> None:
    key = sample_key("EC P-256")
    scalar = (key.d or b"").hex()
    assert shown_secrets(f"observed {scalar[7:30]}")
    assert shown_secrets(json.dumps({"a": [scalar[:20], scalar[20:]]}, indent=8))
    assert not shown_secrets("x" * 50 + (key.x or b"").hex())


@pytest.mark.parametrize("name", LEAKING)
def test_a_run_on_a_leaking_target_shows_no_secret(tmp_path: Path, name: str) -> None:
    done = mhsm("run", f"mutant:{name}", "--clause", "KEY-213", "--out", str(tmp_path))
    assert done.returncode == 1
    run = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    told = [failure for failure in run["failures"] if failure["clause"] == "KEY-213"]
    assert told
    assert all(failure["observed"].startswith("member ") for failure in told)
    assert all(failure["script"] and failure["steps"] for failure in told)
    for report in (done.stdout, done.stderr, json.dumps(run)):
        assert not shown_secrets(report)
    assert {path.suffix for path in tmp_path.rglob("*")} >= {".json", ".xml", ".md", ".html"}
    assert any((tmp_path / "cases").iterdir())
    for file in tmp_path.rglob("*.*"):
        assert not shown_secrets(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", LEAKING)
def test_a_verdict_on_a_leaking_recording_shows_no_secret(tmp_path: Path, name: str) -> None:
    key = sample_key("RSA 2048")
    script = (
        ImportKey("a", key),
        GetKey("a"),
        GetKey("a", "0" * 32),
        Sign("a", None, "ES256", bytes(32)),
    )
    session = tmp_path / "session.jsonl"
    recorded_session(session, f"mutant:{name}", 0, script)
    assert shown_secrets(session.read_text(encoding="utf-8"))
    for words in (("judge", str(session)), ("judge", str(session), "--json")):
        done = mhsm(*words)
        assert done.returncode == 1
        assert "KEY-213" in done.stdout
        assert not shown_secrets(done.stdout + done.stderr)


class Quoting(Tampering):
    """A target that quotes a text in a header of every response, once it is told which."""

    def __init__(self) -> None:
        super().__init__(self._quoted)
        self.text: str | None = None

    def _quoted(self, sent: HttpRequest, answered: HttpResponse) -> HttpResponse:
        if self.text is None:
            return answered
        return replace(answered, headers={**answered.headers, "x-ms-quoted": self.text})


def quoted(*requests: Request) -> None:
    """Send the requests to a target that quotes a sample's secret when it answers the last."""
    target = Quoting()
    _, hsm = session_on(target)
    for request in requests:
        hsm.send(request)
    target.text = (sample_key("oct 256").k or b"").hex()
    hsm.send(GetKey("a"))


def test_a_session_tells_of_a_leak() -> None:
    with pytest.raises(ConformanceFailure, match="in hexadecimal, in a header") as caught:
        quoted(ImportKey("a", sample_key("oct 256")))
    assert [breach.clause.identifier for breach in caught.value.breaches] == ["KEY-213"]
    assert not shown_secrets(str(caught.value))


def test_a_session_accuses_nobody_of_what_it_told_or_never_imported() -> None:
    quoted()
    quoted(
        ImportKey("a", sample_key("oct 256")),
        ImportKey("b", sample_key("RSA 2048")),
        Encrypt("b", None, "RSA-OAEP-256", sample_key("oct 256").k or b""),
    )
