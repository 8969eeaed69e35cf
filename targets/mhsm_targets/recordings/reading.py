"""The reader of any recording: the format is found by looking into the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from mhsm_targets.recordings.case_file import read_case
from mhsm_targets.recordings.cassette import read_json_cassette, read_yaml_cassette
from mhsm_targets.recordings.documents import json_in, opened, text_in
from mhsm_targets.recordings.har import read_har
from mhsm_targets.recordings.nock_fixture import (
    read_browser_fixture,
    read_nock_objects,
    read_nock_script,
)
from mhsm_targets.recordings.recording import Recording, RecordingError
from mhsm_targets.recordings.session_file import session_in
from mhsm_targets.recordings.sniffing import SNIFFED, Format, sniffed
from mhsm_targets.recordings.test_proxy import read_test_proxy

__all__ = ["UnknownFormatError", "read_recording"]


class UnknownFormatError(RecordingError):
    """A file is no recording of a known format; the text names it."""


_OF_TEXT: Final[dict[Format, Callable[[Path, str], Recording]]] = {
    Format.YAML_CASSETTE: read_yaml_cassette,
    Format.NOCK_SCRIPT: read_nock_script,
}
_OF_JSON: Final[dict[Format, Callable[[Path, Any], Recording]]] = {
    Format.TEST_PROXY: read_test_proxy,
    Format.JSON_CASSETTE: read_json_cassette,
    Format.NOCK_OBJECTS: read_nock_objects,
    Format.BROWSER_FIXTURE: read_browser_fixture,
    Format.HAR: read_har,
    Format.CASE: read_case,
}


def read_recording(path: Path) -> Recording:
    """The header of a recording of any known format, and its exchanges.

    A session file is read as its exchanges are asked for; any other format is read as a whole, of
    64 MiB at most. Raises RecordingError, at once or while iterating; UnknownFormatError where the
    file is nothing that can be read here.
    """
    file = opened(path)
    try:
        head = file.peek(SNIFFED)[:SNIFFED]
    except OSError as error:
        file.close()
        reason = (error.strerror or "it cannot be read").lower()
        raise RecordingError(f"{path}: {reason}") from None
    found = sniffed(path, head)
    if found is None:
        file.close()
        problem = "the file is empty" if not head.strip() else "the file is of no known format"
        raise UnknownFormatError(f"{path}: {problem}")
    if found is Format.SESSION:
        return session_in(path, file)
    text = text_in(path, file)
    if found in _OF_TEXT:
        return _OF_TEXT[found](path, text)
    return _OF_JSON[found](path, json_in(path, text))
