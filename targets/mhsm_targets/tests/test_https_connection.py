"""Connections: what is sent as it is, whom is trusted, and what is known where no answer came."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mhsm_targets.https.connection import Connection, LostError, UnreachedError, unused_settings
from mhsm_targets.https.retrying import Retrying, wait_asked_for
from mhsm_targets.protocol import TargetUnavailableError
from mhsm_targets.tests.scripted_server import HOST, Answer, ScriptedServer, scripted_server

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def connection(server: ScriptedServer, seconds: float = 5.0) -> Connection:
    return Connection(
        f"https://{HOST}",
        connect_to=("127.0.0.1", server.port),
        ca_file=str(server.ca_file),
        answer_seconds=seconds,
    )


class Waits:
    """Time that passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def clock(self) -> float:
        return sum(self.slept)


def retrying(server: ScriptedServer, waits: Waits) -> Retrying:
    return Retrying(connection(server), sleep=waits.sleep, clock=waits.clock)


def served(tmp_path: Path, *script: Answer) -> AbstractContextManager[ScriptedServer]:
    return scripted_server(tmp_path, script)


def test_a_request_arrives_as_it_is_written(tmp_path: Path) -> None:
    with served(tmp_path, Answer(), Answer()) as server:
        line = connection(server)
        line.send("POST", "/keys//a%2Fb/./%7E/?x=%20&$skiptoken=a+b", {"x-a": "b"}, b'{"a":1}')
        line.send("PATCH", "/keys/n", {})
        line.close()
    assert server.lines[0] == "POST /keys//a%2Fb/./%7E/?x=%20&$skiptoken=a+b HTTP/1.1"
    assert server.header("host", 0) == HOST
    assert server.header("x-a", 0) == "b"
    assert server.received[0].endswith(b'\r\n\r\n{"a":1}')
    assert server.header("content-length", 1) == "0"
    assert server.connections == 1


def test_an_answer_is_handed_over_as_it_came(tmp_path: Path) -> None:
    moved = Answer(302, {"Location": "https://elsewhere.invalid/", "Set-Cookie": "a=b"}, b"x")
    packed = Answer(200, {"X-Ms-Thing": "A, b"}, b"\xff\x00")
    with served(tmp_path, moved, packed) as server:
        line = connection(server)
        first, second = line.send("GET", "/", {}), line.send("GET", "/", {})
        line.close()
    assert (first.status, first.body, first.headers["location"]) == (
        302,
        b"x",
        "https://elsewhere.invalid/",
    )
    assert (second.body, second.headers["x-ms-thing"]) == (b"\xff\x00", "A, b")
    assert server.header("cookie") is None


@pytest.mark.parametrize("end", ["reset", "half", "silent"])
def test_an_answer_that_is_not_whole_is_lost(tmp_path: Path, end: str) -> None:
    with served(tmp_path, Answer(end=end)) as server:
        line = connection(server, 0.3)
        with pytest.raises(LostError):
            line.send("POST", "/keys/a/create", {}, b"{}")
        line.close()
    assert len(server.received) == 1


def test_where_nobody_listens_nothing_was_sent(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        ca_file = str(server.ca_file)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    line = Connection(f"https://{HOST}", connect_to=("127.0.0.1", port), ca_file=ca_file)
    with pytest.raises(UnreachedError):
        line.send("GET", "/", {})


def test_a_certificate_of_another_name_is_not_trusted(tmp_path: Path) -> None:
    with scripted_server(tmp_path, [Answer()], name="other.managedhsm.azure.net") as server:
        line = connection(server)
        with pytest.raises(TargetUnavailableError, match="is not trusted"):
            line.send("GET", "/", {"authorization": "Bearer secret"})
    assert server.received == []


def test_the_environment_names_neither_authorities_nor_proxies_nor_a_key_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "keys.log"
    with served(tmp_path, Answer()) as server:
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.setenv(name, str(server.ca_file))
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("SSLKEYLOGFILE", str(log))
        untrusting = Connection(f"https://{HOST}", connect_to=("127.0.0.1", server.port))
        with pytest.raises(TargetUnavailableError, match="--ca-file"):
            untrusting.send("GET", "/", {})
        assert connection(server).send("GET", "/", {}).status == 200
    assert not log.exists()


def test_variables_that_are_not_used_are_named() -> None:
    found = unused_settings({"https_proxy": "x", "SSL_CERT_FILE": "y", "HOME": "/"})
    assert found == ("SSL_CERT_FILE", "https_proxy")


def test_a_file_without_certificates_is_said(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing")
    with pytest.raises(TargetUnavailableError, match="holds no certificates"):
        Connection(f"https://{HOST}", ca_file=str(file))


# --- sending again ----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
def test_an_overloaded_service_is_asked_again_when_it_said(tmp_path: Path, status: int) -> None:
    waits = Waits()
    script = [Answer(status, {"Retry-After": "7"}), Answer(status, {"Retry-After": "2"}), Answer()]
    with scripted_server(tmp_path, script) as server:
        answered = retrying(server, waits).send("POST", "/keys/a/create", {}, b"{}", changes=True)
    assert answered is not None
    assert answered.status == 200
    assert waits.slept == [7.0, 2.0]
    assert len(server.received) == 3


def test_waits_double_where_the_service_says_nothing(tmp_path: Path) -> None:
    waits = Waits()
    script = [*(Answer(503) for _ in range(4)), Answer()]
    with scripted_server(tmp_path, script) as server:
        retrying(server, waits).send("GET", "/keys", {}, changes=False)
    for number, slept in enumerate(waits.slept):
        assert 0.25 * 2**number <= slept <= 0.5 * 2**number
    assert len(waits.slept) == 4


def test_a_service_that_stays_overloaded_is_gone(tmp_path: Path) -> None:
    script = [Answer(429, {"Retry-After": "100"}) for _ in range(9)]
    gone = pytest.raises(TargetUnavailableError, match=f"{HOST} answers 429")
    with scripted_server(tmp_path, script) as server, gone:
        retrying(server, Waits()).send("GET", "/keys", {}, changes=False)
    assert len(server.received) == 2


def test_what_changes_something_is_not_sent_again_after_a_loss(tmp_path: Path) -> None:
    with served(tmp_path, Answer(end="reset"), Answer()) as server:
        assert retrying(server, Waits()).send("DELETE", "/keys/a", {}, changes=True) is None
    assert server.lines == ["DELETE /keys/a HTTP/1.1"]


def test_what_changes_nothing_is_sent_again_after_a_loss(tmp_path: Path) -> None:
    with served(tmp_path, Answer(end="reset"), Answer(end="half"), Answer()) as server:
        answered = retrying(server, Waits()).send("GET", "/keys/a", {}, changes=False)
    assert answered is not None
    assert len(server.received) == 3


def test_what_is_lost_again_and_again_is_lost(tmp_path: Path) -> None:
    script: Sequence[Answer] = [Answer(end="reset") for _ in range(9)]
    with scripted_server(tmp_path, script) as server:
        assert retrying(server, Waits()).send("GET", "/keys/a", {}, changes=False) is None
    assert len(server.received) == 3


def test_a_service_that_is_not_reached_is_gone(tmp_path: Path) -> None:
    waits = Waits()
    with served(tmp_path, Answer(headers={"Connection": "close"})) as server:
        line = connection(server)
        known = Retrying(line, patience=60, sleep=waits.sleep, clock=waits.clock)
        known.send("GET", "/keys", {}, changes=False)
    for sender, seconds in ((known, 60), (Retrying(line, sleep=waits.sleep, clock=waits.clock), 5)):
        waits.slept.clear()
        with pytest.raises(TargetUnavailableError, match="is not reached"):
            sender.send("POST", "/keys/a/create", {}, b"{}", changes=True)
        assert seconds / 4 <= sum(waits.slept) <= seconds


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("5", 5.0),
        (" 0 ", 0.0),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("1.5", None),
    ],
)
def test_both_forms_of_retry_after_are_read(header: str | None, seconds: float | None) -> None:
    assert wait_asked_for(header, NOW) == seconds
