"""Session files turned into every other format, so that its reader can be held to the verdicts."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import yaml

from mhsm_model.wire.response_codec import FIXED_HEADERS
from mhsm_targets.recordings.case_file import case_document
from mhsm_targets.recordings.session_file import read_session

__all__ = ["FORMATS", "Format"]

Document = dict[str, Any]
_ACTIVITY = re.compile(r"\(Activity ID: ([0-9a-fA-F-]{36})\)")
_SOME_ID: Final = "00000000-0000-1000-8000-{:012d}"


def _lines(path: Path) -> list[Document]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()][1:]


def _url(line: Document) -> SplitResult:
    address: str = line["url"]
    return urlsplit(address)


def _shown(line: Document) -> dict[str, str]:
    """The headers of the answer."""
    return dict(line["response_headers"] or ())


def _title(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.title(): value for name, value in headers.items()}


def _sent_headers(line: Document) -> dict[str, str]:
    """The headers with the length of the body, which every client sends with a body."""
    headers: dict[str, str] = dict(line["request_headers"] or ())
    if line.get("request_body_recorded", True) is not False:
        headers["content-length"] = str(len(_text(line["request_body"])))
    return headers


def _text(body: Any) -> str:
    if body is None:
        return ""
    return body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))


def _whole_headers(line: Document) -> dict[str, str]:
    """The headers of the answer with those that the published sessions were stripped of."""
    shown = _shown(line)
    if not shown:
        return shown
    named = _ACTIVITY.search(_text(line["response_body"]))
    some = _SOME_ID.format(line["seq"])
    missing = {**FIXED_HEADERS, "x-ms-request-id": named.group(1) if named else some}
    return {**missing, **shown}


def test_proxy(path: Path) -> str:
    entries = [
        {
            "RequestUri": line["url"],
            "RequestMethod": line["method"],
            "RequestHeaders": {**_title(_sent_headers(line)), "Authorization": "Sanitized"},
            "RequestBody": line["request_body"],
            "StatusCode": line["status"],
            "ResponseHeaders": _title(_shown(line)),
            "ResponseBody": line["response_body"],
        }
        for line in _lines(path)
    ]
    return json.dumps({"Entries": entries, "Variables": {}}, indent=2)


def _cassette(path: Path) -> Document:
    interactions = [
        {
            "request": {
                "body": _text(line["request_body"]) or None,
                "headers": {name: [one] for name, one in _title(_sent_headers(line)).items()},
                "method": line["method"],
                "uri": line["url"],
            },
            "response": {
                "body": {"string": _text(line["response_body"])},
                "headers": {name: [one] for name, one in _shown(line).items()},
                "status": {"code": line["status"], "message": "Said"},
            },
        }
        for line in _lines(path)
    ]
    return {"interactions": interactions, "version": 1}


def yaml_cassette(path: Path) -> str:
    return str(yaml.dump(_cassette(path), Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper)))


def json_cassette(path: Path) -> str:
    return json.dumps(_cassette(path))


def har(path: Path) -> str:
    def named(headers: Mapping[str, str]) -> list[Document]:
        return [{"name": name, "value": value} for name, value in headers.items()]

    entries: list[Document] = []
    for line in _lines(path):
        body, answer = _text(line["request_body"]), _text(line["response_body"])
        known = line.get("request_body_recorded", True) is not False
        request: Document = {
            "method": line["method"],
            "url": line["url"],
            "headers": named(_sent_headers(line)),
            "bodySize": len(body.encode()) if known else -1,
        }
        if body:
            request["postData"] = {"mimeType": "application/json", "text": body}
        content = {"size": len(answer.encode()), "mimeType": "application/json", "text": answer}
        if answer and line["seq"] % 2:
            content["text"] = base64.b64encode(answer.encode()).decode()
            content["encoding"] = "base64"
        response = {
            "status": line["status"],
            "headers": named(_whole_headers(line)),
            "content": content,
        }
        entries.append({"request": request, "response": response})
    return json.dumps({"log": {"version": "1.2", "creator": {}, "entries": entries}})


def _flat(headers: Mapping[str, str]) -> list[str]:
    return [part for pair in headers.items() for part in pair]


def _literal(value: Any, *, bare: bool) -> str:
    """A value as JavaScript; `bare` as formatters write it, with names that are not in quotes."""
    text = json.dumps(value, indent=1)
    if not bare:
        return text
    return re.sub(r'^( *)"([A-Za-z_]\w*)":', r"\1\2:", text, flags=re.MULTILINE)


def _nock(path: Path, *, bare: bool) -> str:
    parts = ["let nock = require('nock');\n\nmodule.exports.testInfo = {\"uniqueName\":{}}\n"]
    for line in _lines(path):
        url = _url(line)
        scope = (
            f"nock('https://{url.netloc}:443', {_literal({'encodedQueryParams': True}, bare=bare)})"
        )
        sent = line["request_body"]
        body = "" if sent is None else f", {_literal(sent, bare=bare)}"
        known = line["query"] and not bare
        query = dict(pair.split("=", 1) for pair in url.query.split("&")) if known else True
        answer = "" if line["response_body"] is None else line["response_body"]
        parts.append(
            f"{scope}\n  .{line['method'].lower()}('{url.path}'{body})\n"
            f"  .query({_literal(query, bare=bare)})\n"
            f"  .reply({line['status']}, {_literal(answer, bare=bare)}, "
            f"{_literal(_flat(line['response_headers'] or {}), bare=bare)});\n"
        )
    return "\n".join(parts)


def nock_script(path: Path) -> str:
    return _nock(path, bare=False)


def formatted_nock_script(path: Path) -> str:
    return _nock(path, bare=True)


def nock_objects(path: Path) -> str:
    listed: list[Document] = []
    for line in _lines(path):
        url = _url(line)
        listed.append(
            {
                "scope": f"https://{url.netloc}:443",
                "method": line["method"],
                "path": f"{url.path}?{url.query}" if url.query else url.path,
                "body": line["request_body"] or "",
                "status": line["status"],
                "response": "" if line["response_body"] is None else line["response_body"],
                "rawHeaders": _flat(_shown(line)),
                "responseIsBinary": False,
            }
        )
    return json.dumps(listed)


def browser_fixture(path: Path) -> str:
    recordings: list[Document] = [
        {
            "method": line["method"],
            "url": line["url"].partition("?")[0],
            "query": line["query"] or {},
            "requestBody": _text(line["request_body"]) or None,
            "status": line["status"],
            "response": _text(line["response_body"]),
            "responseHeaders": _shown(line),
        }
        for line in _lines(path)
    ]
    return json.dumps({"recordings": recordings, "uniqueTestInfo": {}, "hash": "0"}, indent=1)


def case(path: Path) -> str:
    header, exchanges = read_session(path)
    told = case_document("model", "KEY-001", exchanges, header.recorded_by)
    for line, exchange in zip(_lines(path), told["exchanges"], strict=True):
        exchange["response"]["headers"] = _whole_headers(line)
    return json.dumps(told)


@dataclass(frozen=True, slots=True)
class Format:
    """A format: how to write it, its suffix, and whether it keeps every query and body."""

    write: Callable[[Path], str]
    suffix: str
    whole: bool = True


FORMATS: Final = {
    "test proxy": Format(test_proxy, ".json"),
    "YAML cassette": Format(yaml_cassette, ".yaml"),
    "JSON cassette": Format(json_cassette, ".json"),
    "HAR": Format(har, ".har"),
    "case": Format(case, ".json"),
    "nock script": Format(nock_script, ".js", whole=False),
    "formatted nock script": Format(formatted_nock_script, ".js", whole=False),
    "nock objects": Format(nock_objects, ".json", whole=False),
    "browser fixture": Format(browser_fixture, ".json", whole=False),
}
