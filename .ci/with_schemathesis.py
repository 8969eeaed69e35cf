"""Has schemathesis judge what is served by the service's own OpenAPI documents, where they are.

The documents are at MHSM_SWAGGER, a folder with one folder a version, and else in
../shared/spec/swagger beside the repository. Each is asked with names of chance, and then with a
key of each type. Words after the command's name reach schemathesis.
"""

import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from mhsm_targets.server import Served, serving

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "spec" / "swagger"
TOKEN = "a-token-for-tests"

# What the documents say and the service does not do, nor what is served:
LEFT_OUT = {
    "positive_data_acceptance": "they have no pattern for names that are read, no type for most "
    "bodies, and no rule between members; some of their operations are not modelled yet",
    "negative_data_rejection": "they allow no null, and the service takes a null member as absent",
    "unsupported_method": "they say nothing of other verbs, and what is no operation is a 400 here",
}
KINDS = {"ec": {"kty": "EC-HSM"}, "rsa": {"kty": "RSA-HSM"}, "oct": {"kty": "oct-HSM"}}


def documents() -> list[Path]:
    """The documents of keys, by version; ends the process where a place was named that has none."""
    named = os.environ.get("MHSM_SWAGGER")
    found = sorted(Path(named or BESIDE).glob("*/keys.json"))
    if named and not found:
        print(f"MHSM_SWAGGER names {named!r}, and there is no VERSION/keys.json", file=sys.stderr)
        sys.exit(2)
    return found


def version_made(served: Served, name: str, version: str) -> str:
    """The version of a new key of that kind."""
    request = urllib.request.Request(
        f"{served.url}/keys/{name}/create?api-version={version}",
        json.dumps(KINDS[name]).encode(),
        {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    context = ssl.create_default_context(cafile=served.ca_file)
    with urllib.request.urlopen(request, timeout=60, context=context) as response:
        return str(json.load(response)["key"]["kid"]).rpartition("/")[2]


def judged(document: Path, name: str | None, words: list[str]) -> bool:
    """Whether schemathesis found nothing; each time with a server of its own."""
    version = document.parent.name
    with serving(static_token=TOKEN) as served, tempfile.TemporaryDirectory() as folder:
        rows = {"api-version": version}
        kept: list[str] = []
        if name is not None:
            rows |= {"key-name": name, "key-version": version_made(served, name, version)}
            kept = ["--exclude-operation-id", "DeleteKey"]
        settings = Path(folder) / "schemathesis.toml"
        told = "".join(f"{key} = {json.dumps(value)}\n" for key, value in rows.items())
        settings.write_text(f"[parameters]\n{told}", encoding="utf-8")
        print(f"{version}, {'names of chance' if name is None else f'key {name}'}", flush=True)
        command = ["schemathesis", "--config-file", str(settings), "run", str(document.resolve())]
        options = {
            "--url": served.url,
            "--tls-verify": served.ca_file,
            "--header": f"Authorization: Bearer {TOKEN}",
            "--exclude-checks": ",".join(LEFT_OUT),
            "--seed": "1",
        }
        flat = [word for pair in options.items() for word in pair]
        every = [*command, *flat, "--no-color", "--continue-on-failure", *kept, *words]
        return subprocess.call(every, cwd=folder) == 0


def main() -> None:
    """Judge by all documents; the status is 1 where one of them was not kept to."""
    found = documents()
    if not found:
        print(f"schemathesis: no OpenAPI documents at {BESIDE}", flush=True)
        return
    if shutil.which("schemathesis") is None:
        print("schemathesis is not installed: run it by `tox run -e schemathesis`", file=sys.stderr)
        sys.exit(2)
    for check, reason in LEFT_OUT.items():
        print(f"left out: {check}: {reason}")
    done = [judged(path, name, sys.argv[1:]) for path in found for name in (None, *KINDS)]
    print(f"{sum(done)} of {len(done)} runs found nothing", flush=True)
    sys.exit(0 if all(done) else 1)


if __name__ == "__main__":
    main()
