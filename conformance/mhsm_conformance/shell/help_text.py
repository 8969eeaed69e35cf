"""The help of the shell: all words on one page, and the form and table of an operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mhsm_conformance.explaining.operation_accounts import operation_account
from mhsm_conformance.explaining.text.drawing import heading, indented, labelled
from mhsm_conformance.explaining.text.operation_text import operation_text
from mhsm_conformance.shell.acts import ACT_FORMS
from mhsm_conformance.shell.orders import CIRCUMSTANCES, form_of
from mhsm_conformance.shell.values import SAMPLE_NAMES
from mhsm_conformance.shell.vocabulary import Form, Parameter, Verb, verbs
from mhsm_conformance.shell.writing import HIDDEN
from mhsm_model.jwk import JsonWebKey

__all__ = ["EXAMPLES", "TELLING_FORMS", "overview", "verb_help"]

TELLING_FORMS: Final[Mapping[str, tuple[str, str]]] = {
    "help": ("help [WORD]", "this page, or the form and the table of an operation"),
    "why": ("why [NUMBER]", "the last exchange in full: guards, clauses, what changed"),
    "show": ("show [NUMBER]", "the last reply with nothing left out"),
    "state": ("state", "every key of the instance, as the specification knows it"),
    "explain": ("explain CLAUSE…", "all there is to know of a clause, as in ATTR-009"),
    "undo": ("undo", "take the last line back that sent or changed something"),
    "history": ("history", "the lines that were carried out"),
    "save": ("save FILE", "write them as a test (.py) or a case (.json)"),
    "load": ("load FILE", "carry the lines of a file out"),
    "quit": ("quit", "end; so does Ctrl-D. Ctrl-C drops the line"),
}
"""The words that send nothing: the form, and what it does."""

EXAMPLES: Final = (
    "create k oct-HSM size=256 ops=encrypt,decrypt",
    "c = encrypt k A256GCM 'a secret' aad=header",
    "decrypt k A256GCM $c iv=$c.iv tag=$c.tag aad=header",
    "create s EC-HSM crv=P-256 exp=+90d tags=use:tests",
    "sign s ES256 sha256:hello as signed",
    "verify s/$signed.version ES256 sha256:hello $signed",
    "import m oct-128 ops=wrapKey,unwrapKey",
    "get k credential=anonymous",
    "http GET /keys/k/?api-version=7.4",
)
_LONGEST: Final = 26


def overview() -> Iterator[RenderableType]:
    """All words of the shell, with examples."""
    yield heading("Operations of the HSM")
    yield indented(_verbs())
    yield heading("How they are sent")
    yield indented(_forms(ACT_FORMS))
    yield heading("What happened, and why")
    yield indented(_forms(TELLING_FORMS))
    yield heading("Values")
    yield indented(labelled(_values()))
    yield heading("Examples")
    for line in EXAMPLES:
        yield indented(Text(line, "cyan"))


def _verbs() -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column(overflow="fold")
    for verb in verbs():
        needed = [row.name.upper() for row in verb.positional]
        grid.add_row(verb.name, Text.assemble((" ".join(needed) + "  ", "bold"), _prose(verb)))
    return grid


def _prose(verb: Verb) -> str:
    told = " ".join((verb.request.__doc__ or "").split())
    return told.partition(". ")[0].removesuffix(".") + "."


def _forms(forms: Mapping[str, tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", no_wrap=True, min_width=_LONGEST)
    grid.add_column(overflow="fold")
    for form, told in forms.values():
        grid.add_row(Text(form), Text(told))
    return grid


def _values() -> Iterator[tuple[str, str]]:
    yield "bytes", "text, 'with blanks', hex:00ff, b64:AP8, zero:16, sha256:text, file:PATH"
    yield "lists", "sign,verify; tags are name:value,name:value"
    yield "times", "seconds since 1970, or from now: +90d, -1h"
    yield "keys", f"{', '.join(SAMPLE_NAMES)}; /1 after one is another of its kind; pem:FILE"
    yield "replies", "c = … or … as c names one; $c.iv is a member, $_ the last reply, $3 the third"
    yield "nothing", "- is a value that is not sent"
    yield "any line", "credential=anonymous and api_version=7.4 hold for this line alone"
    yield "names", "any beginning or end of a word will do: size= for key_size=, ops= for key_ops="


def verb_help(verb: Verb) -> Iterator[RenderableType]:
    """How an operation is typed, and its table."""
    yield Text(form_of(verb), "bold")
    yield indented(labelled((row.name, _told(row)) for row in _listed(verb)))
    yield Text("")
    yield from operation_text(operation_account(verb.operation))


def _listed(verb: Verb) -> Iterator[Parameter]:
    yield from verb.parameters
    yield from CIRCUMSTANCES


def _told(row: Parameter) -> str:
    told = row.form.value
    if row.form is Form.CHOICE:
        told = ", ".join(str(member.value) for member in row.kind)
    if row.form is Form.KEY and row.kind is JsonWebKey:
        told += f": {', '.join(SAMPLE_NAMES)}; - is none"
    if row.is_secret:
        told += f"; never kept in the history, and shown as {HIDDEN}"
    return told
