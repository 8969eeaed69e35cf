"""Imports point one way only, the model is pure, and files stay small: read off the syntax trees.

Nothing here imports what it checks, so an import hidden in a function or under TYPE_CHECKING counts
as much as one at the top, and a module that cannot be imported is checked all the same.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[3]

# Each layer's folder and its package.
PACKAGES = {
    "model": "mhsm_model",
    "targets": "mhsm_targets",
    "conformance": "mhsm_conformance",
    "reports": "mhsm_reports",
}

# Where time, chance and the outside world come from. Some of these can also be used innocently
# (`io.BytesIO`); that the model does without them is cheaper to keep than to argue case by case.
IMPURE_MODULES = frozenset(
    {
        "asyncio",
        "concurrent",
        "ctypes",
        "getpass",
        "glob",
        "http.client",
        "http.server",
        "importlib",
        "io",
        "linecache",
        "logging",
        "mmap",
        "multiprocessing",
        "os",
        "pathlib",
        "pkgutil",
        "platform",
        "posix",
        "queue",
        "random",
        "requests",
        "resource",
        "sched",
        "secrets",
        "select",
        "selectors",
        "shelve",
        "shutil",
        "signal",
        "socket",
        "socketserver",
        "sqlite3",
        "ssl",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "timeit",
        "urllib.request",
        "urllib3",
        "uuid",
    }
)
IMPURE_BUILTINS = frozenset({"__import__", "breakpoint", "eval", "exec", "input", "open", "print"})
CLOCKS = frozenset({"now", "today", "utcnow"})
# Methods of `cryptography` that ask the operating system for random bytes.
HIDDEN_DICE = frozenset({"generate_parameters", "generate_private_key"})

# What a layer may import from a layer that it may not import as a whole.
TARGETS_FOR_CONFORMANCE = (
    "mhsm_targets.mutants",
    "mhsm_targets.protocol",
    "mhsm_targets.recordings",
    "mhsm_targets.registry",
    "mhsm_targets.server",
)
MODEL_FOR_REPORTS = ("mhsm_model.catalogue", "mhsm_model.clauses")
# The second implementation must not be the first one with another back end.
MODEL_NOT_FOR_PKCS11 = (
    "mhsm_model.acceptor",
    "mhsm_model.alternatives",
    "mhsm_model.belief",
    "mhsm_model.bundles",
    "mhsm_model.generator",
    "mhsm_model.operations",
    "mhsm_model.relations",
    "mhsm_model.rules",
    "mhsm_model.situation",
    "mhsm_model.state",
)

NAMES_WITHOUT_MEANING = frozenset({"common", "helpers", "manager", "utils"})
# Interfaces of others that are implemented here: azure.core.credentials.TokenCredential and
# prompt_toolkit.completion.Completer.
NAMES_OF_OTHERS = frozenset({"get_completions", "get_token"})
LONGEST_FILE = 400


@dataclass(frozen=True, slots=True, order=True)
class Breach:
    """A line that breaks a rule."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


@dataclass(frozen=True, slots=True)
class Module:
    """One source file, with its path from the root of the repository."""

    path: PurePosixPath
    source: str

    @property
    def layer(self) -> str:
        return self.path.parts[0]

    @property
    def name(self) -> str:
        parts = self.path.with_suffix("").parts[1:]
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def package(self) -> tuple[str, ...]:
        return self.path.parts[1:-1]

    @property
    def is_test(self) -> bool:
        return "tests" in self.package

    def tree(self) -> ast.Module:
        return ast.parse(self.source, str(self.path))

    def breach(self, line: int, what: str) -> Breach:
        return Breach(str(self.path), line, what)


Rule = Callable[[Module], Iterator[Breach]]


def is_within(name: str, *modules: str) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Yield every imported name in full, `a.b` for `from a import b`, with its line."""
    for node in ast.walk(module.tree()):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(names=names, level=level):
                # One that leaves the package is cut off there: `leaves_the_package` reports it.
                kept = module.package[: max(len(module.package) - level + 1, 0)] if level else ()
                start = [*kept, node.module] if node.module else [*kept]
                yield from ((node.lineno, ".".join([*start, alias.name])) for alias in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, name
            case _:
                pass


def leaves_the_package(module: Module) -> Iterator[Breach]:
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.ImportFrom) and node.level > len(module.package):
            yield module.breach(node.lineno, "a relative import leaves the package")


def points_one_way(module: Module) -> Iterator[Breach]:
    for line, name in imports(module):
        if not is_within(name, *PACKAGES.values()) or is_within(name, PACKAGES[module.layer]):
            continue
        match module.layer:
            case "model":
                allowed = False
            case "targets":
                allowed = is_within(name, "mhsm_model")
            case "conformance":
                # Its tests may set up any target; itself it knows only what all targets share.
                allowed = (
                    module.is_test
                    or not is_within(name, "mhsm_targets")
                    or is_within(name, *TARGETS_FOR_CONFORMANCE)
                )
            case _:
                allowed = is_within(name, *MODEL_FOR_REPORTS)
        if not allowed:
            yield module.breach(line, f"{module.layer} must not import {name}")


def second_implementation_stands_alone(module: Module) -> Iterator[Breach]:
    if not is_within(module.name, "mhsm_targets.pkcs11"):
        return
    for line, name in imports(module):
        if is_within(name, *MODEL_NOT_FOR_PKCS11):
            yield module.breach(line, f"the second implementation must not import {name}")


def constants(*nodes: ast.expr) -> Iterator[ast.Constant]:
    """Yield the operands that are constants, and those that are listed in an operand."""
    for node in nodes:
        match node:
            case ast.Constant():
                yield node
            case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
                yield from constants(*elements)
            case _:
                pass


def names_no_target(module: Module) -> Iterator[Breach]:
    if module.layer != "conformance" or module.is_test or module.path.name == "cli.py":
        return
    for node in ast.walk(module.tree()):
        match node:
            case ast.Constant(value="softhsm"):
                yield module.breach(node.lineno, "conformance must not name a target")
            case ast.Compare(left=left, comparators=others):
                for part in constants(left, *others):
                    if part.value == "model":
                        yield module.breach(part.lineno, "conformance must not ask for a target")
            case ast.MatchValue(value=ast.Constant(value="model")):
                yield module.breach(node.lineno, "conformance must not ask for a target")
            case _:
                pass


def dotted(node: ast.expr) -> str | None:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            head = dotted(value)
            return None if head is None else f"{head}.{attr}"
        case _:
            return None


def clock_owners(tree: ast.Module) -> frozenset[str]:
    """Return the names by which the module calls the classes that know what time it is."""
    owners: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                modules = [
                    alias.asname or alias.name for alias in names if alias.name == "datetime"
                ]
                owners.update(
                    f"{name}.{owner}" for name in modules for owner in ("date", "datetime")
                )
            case ast.ImportFrom(module="datetime", names=names):
                owners.update(alias.asname or alias.name for alias in names)
            case _:
                pass
    return frozenset(owners)


def model_is_pure(module: Module) -> Iterator[Breach]:
    if module.layer != "model" or module.is_test:
        return
    for line, name in imports(module):
        if is_within(name, *IMPURE_MODULES):
            yield module.breach(line, f"the model must not import {name}")
    tree = module.tree()
    owners = clock_owners(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) if name in IMPURE_BUILTINS:
                yield module.breach(node.lineno, f"the model must not use {name}")
            case ast.Attribute(value=owner, attr=attr) if (
                attr in CLOCKS and dotted(owner) in owners
            ):
                yield module.breach(node.lineno, f"the model must not read a clock ({attr})")
            case ast.Attribute(attr=attr) if attr in HIDDEN_DICE:
                yield module.breach(node.lineno, f"the model must not draw by itself ({attr})")
            case _:
                pass


def is_named_for_what_it_is(module: Module) -> Iterator[Breach]:
    for part in module.path.with_suffix("").parts:
        if part in NAMES_WITHOUT_MEANING:
            yield module.breach(1, f"the name {part} says nothing")
    for node in ast.walk(module.tree()):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if name.lstrip("_").startswith("get_") and name not in NAMES_OF_OTHERS:
                    yield module.breach(node.lineno, f"{name} is named get_")
            case _:
                pass


def is_short(module: Module) -> Iterator[Breach]:
    lines = len(module.source.splitlines())
    if lines > LONGEST_FILE and not module.is_test:
        yield module.breach(lines, f"{lines} lines are more than {LONGEST_FILE}")


RULES: tuple[Rule, ...] = (
    leaves_the_package,
    points_one_way,
    second_implementation_stands_alone,
    names_no_target,
    model_is_pure,
    is_named_for_what_it_is,
    is_short,
)


def breaches(path: str, source: str) -> list[Breach]:
    module = Module(PurePosixPath(path), source)
    return sorted(breach for rule in RULES for breach in rule(module))


def sources() -> Iterator[tuple[str, str]]:
    for folder, package in PACKAGES.items():
        for file in sorted((ROOT / folder / package).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")


def test_every_module_keeps_the_layers() -> None:
    found = [breach for path, source in sources() for breach in breaches(path, source)]
    assert not found, "\n" + "\n".join(map(str, found))


def test_every_layer_is_read() -> None:
    layers = {PurePosixPath(path).parts[0] for path, _ in sources()}
    assert layers == set(PACKAGES)


def test_folders_with_modules_are_packages() -> None:
    # Without the file, pytest would import the modules of the folder a second time under another
    # name, and a type checker would look for them somewhere else.
    folders = {PurePosixPath(path).parent for path, _ in sources()}
    assert [
        str(folder) for folder in sorted(folders) if not (ROOT / folder / "__init__.py").exists()
    ] == []


MODEL = "model/mhsm_model/state.py"
CHAPTER = "model/mhsm_model/operations/sign.py"
PKCS11 = "targets/mhsm_targets/pkcs11/token.py"
TARGET = "targets/mhsm_targets/emulator.py"
SESSION = "conformance/mhsm_conformance/session.py"
REPORT = "reports/mhsm_reports/baseline.py"


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        # The direction of imports, in every form that an import can take.
        (MODEL, "import mhsm_targets\n", "1: model must not import mhsm_targets"),
        (
            MODEL,
            "\nfrom mhsm_reports import verdict\n",
            "2: model must not import mhsm_reports.verdict",
        ),
        (
            MODEL,
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import mhsm_reports.totals\n",
            "3: model must not import mhsm_reports.totals",
        ),
        (
            MODEL,
            "def late():\n    from mhsm_targets.protocol import Target\n",
            "2: model must not import mhsm_targets.protocol.Target",
        ),
        (CHAPTER, "from .... import reports\n", "1: a relative import leaves the package"),
        (CHAPTER, "from ...mhsm_model import x\n", "1: a relative import leaves the package"),
        (TARGET, "import mhsm_conformance\n", "1: targets must not import mhsm_conformance"),
        (TARGET, "from mhsm_reports import *\n", "1: targets must not import mhsm_reports.*"),
        (
            TARGET,
            "import importlib\nimportlib.import_module('mhsm_reports.results')\n",
            "2: targets must not import mhsm_reports.results",
        ),
        (
            "targets/mhsm_targets/tests/test_emulator.py",
            "from mhsm_conformance import session\n",
            "1: targets must not import mhsm_conformance.session",
        ),
        (
            SESSION,
            "from mhsm_targets import protocol, emulator\n",
            "1: conformance must not import mhsm_targets.emulator",
        ),
        (
            "conformance/mhsm_conformance/cli.py",
            "import mhsm_targets.pkcs11.token as token\n",
            "1: conformance must not import mhsm_targets.pkcs11.token",
        ),
        (SESSION, "import mhsm_targets\n", "1: conformance must not import mhsm_targets"),
        (
            REPORT,
            "from mhsm_model.acceptor import accepts\n",
            "1: reports must not import mhsm_model.acceptor.accepts",
        ),
        (REPORT, "import mhsm_model\n", "1: reports must not import mhsm_model"),
        (
            REPORT,
            "import mhsm_conformance.cli\n",
            "1: reports must not import mhsm_conformance.cli",
        ),
        (
            PKCS11,
            "from mhsm_model import operations\n",
            "1: the second implementation must not import mhsm_model.operations",
        ),
        (
            PKCS11,
            "from mhsm_model.acceptor import accepts\n",
            "1: the second implementation must not import mhsm_model.acceptor.accepts",
        ),
        *(
            (
                PKCS11,
                f"import mhsm_model.{module}\n",
                f"1: the second implementation must not import mhsm_model.{module}",
            )
            for module in ("alternatives", "belief", "generator", "relations.signatures", "rules")
        ),
        # Conformance knows no target by name.
        (SESSION, "x = 1\nname = 'softhsm'\n", "2: conformance must not name a target"),
        (
            SESSION,
            "def f(t):\n    return t.name != 'model'\n",
            "2: conformance must not ask for a target",
        ),
        (
            SESSION,
            "def f(t):\n    return t in ('x',\n        'model')\n",
            "3: conformance must not ask for a target",
        ),
        (
            SESSION,
            "match name:\n    case 'model':\n        pass\n",
            "2: conformance must not ask for a target",
        ),
        # The model is pure.
        (MODEL, "import time\n", "1: the model must not import time"),
        (MODEL, "import os.path as p\n", "1: the model must not import os.path"),
        (MODEL, "from urllib import request\n", "1: the model must not import urllib.request"),
        (
            CHAPTER,
            "def f():\n    from secrets import token_bytes\n",
            "2: the model must not import secrets.token_bytes",
        ),
        (MODEL, "text = open('x').read()\n", "1: the model must not use open"),
        (MODEL, "f = print\n", "1: the model must not use print"),
        (
            MODEL,
            "from datetime import datetime as d\nnow = d.now()\n",
            "2: the model must not read a clock (now)",
        ),
        (
            MODEL,
            "import datetime as dt\n\nclock = dt.datetime.utcnow\n",
            "3: the model must not read a clock (utcnow)",
        ),
        (
            MODEL,
            "import datetime\nday = datetime.date.today()\n",
            "2: the model must not read a clock (today)",
        ),
        (
            MODEL,
            "k = ec.generate_private_key(c)\n",
            "1: the model must not draw by itself (generate_private_key)",
        ),
        # Names and sizes.
        ("reports/mhsm_reports/utils.py", "", "1: the name utils says nothing"),
        ("targets/mhsm_targets/common/x.py", "", "1: the name common says nothing"),
        (REPORT, "class A:\n    def get_x(self): ...\n", "2: get_x is named get_"),
        (REPORT, "async def _get_x(): ...\n", "1: _get_x is named get_"),
        (REPORT, "x = 1\n" * 401, "401: 401 lines are more than 400"),
    ],
)
def test_breach_is_reported_with_its_line(path: str, source: str, expected: str) -> None:
    assert [str(breach) for breach in breaches(path, source)] == [f"{path}:{expected}"]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            CHAPTER,
            "from mhsm_model.state import Estate\nfrom ..clauses import clause\nfrom . import x\n",
        ),
        (
            MODEL,
            "from http import HTTPStatus\nimport urllib.parse\nfrom datetime import UTC\n",
        ),
        (MODEL, "def at(state):\n    return state.now, datetime.fromisoformat('2026-01-01')\n"),
        (MODEL, "import timeless, random_graphs, mhsm_targets_of_others\n"),
        ("model/mhsm_model/tests/test_state.py", "import os, time\nprint(time.time())\n"),
        ("model/mhsm_model/tests/test_tables.py", "x = 1\n" * 401),
        (TARGET, "from mhsm_model.generator import step\nimport os, requests\n"),
        (PKCS11, "from mhsm_model.wire import codec\nfrom ..protocol import Target\n"),
        (
            SESSION,
            "from mhsm_targets.protocol import Target\nfrom mhsm_targets import registry\n",
        ),
        (
            SESSION,
            "import mhsm_targets.mutants.catalogue\nimport mhsm_reports.results, mhsm_model\n",
        ),
        (SESSION, "title = 'model'\nwide = row['model'] == title\n"),
        ("conformance/mhsm_conformance/cli.py", "default = 'softhsm'\n"),
        (
            "conformance/mhsm_conformance/tests/test_session.py",
            "from mhsm_targets.emulator import Emulator\n",
        ),
        (REPORT, "from mhsm_model.clauses import Clause\nfrom mhsm_model import catalogue\n"),
        (REPORT, "def together(): ...\ndef get(): ...\n"),
        (TARGET, "class Credential:\n    def get_token(self, *scopes): ...\n"),
        (REPORT, "x = 1\n" * 400),
    ],
)
def test_lawful_source_is_not_reported(path: str, source: str) -> None:
    assert breaches(path, source) == []
