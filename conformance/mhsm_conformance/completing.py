"""What a shell completes: values of arguments and options, by what their help calls them.

It is loaded where a shell asks for completions, and by no command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from mhsm_conformance.explaining.choosing import operation_names
from mhsm_conformance.running import suite_names
from mhsm_model.catalogue import catalogue
from mhsm_targets.registry import target_names

__all__ = ["taught"]

Completer = Callable[[str], Iterator[CompletionItem]]


def _among(names: tuple[str, ...], begun: str) -> Iterator[CompletionItem]:
    return (CompletionItem(name) for name in names if name.lower().startswith(begun.lower()))


def _clauses(begun: str) -> Iterator[CompletionItem]:
    for row in catalogue():
        if row.identifier.startswith(begun.upper()):
            yield CompletionItem(row.identifier, help=row.prose)


def _files(begun: str) -> Iterator[CompletionItem]:
    yield CompletionItem(begun, type="file")


def _folders(begun: str) -> Iterator[CompletionItem]:
    yield CompletionItem(begun, type="dir")


def _files_then_a_target(begun: str) -> Iterator[CompletionItem]:
    """Targets where the word begins like one: a shell lists files where it gets nothing else."""
    targets = list(_among(target_names(), begun)) if begun else []
    yield from targets or _files(begun)


_BY_NAME: Final[dict[str, Completer]] = {
    "target": lambda begun: _among(target_names(), begun),
    "suite": lambda begun: _among(suite_names(), begun),
    "operation": lambda begun: _among(operation_names(), begun),
    "clause": _clauses,
    "clauses": _clauses,
    "pattern": _clauses,
    "paths": _files,
    "file": _files,
    "words": _files_then_a_target,
}
_BY_METAVAR: Final[dict[str, Completer]] = {
    "FILE": _files,
    "FILES": _files,
    "PATH": _files,
    "RUN": _files,
    "RUN.json": _files,
    "BASELINE": _files,
    "DIR": _folders,
    "TARGET": _BY_NAME["target"],
}


def taught(group: click.Group) -> click.Group:
    """The group, whose parameters, and those of its commands, now know what may be their values."""
    for command in group.commands.values():
        for parameter in command.params:
            known = _completer(parameter)
            if known is not None:
                parameter.shell_complete = _completing(known)  # type: ignore[method-assign]
    return group


def _completer(parameter: click.Parameter) -> Completer | None:
    metavar = (parameter.metavar or "").strip("[].")
    return _BY_NAME.get(parameter.name or "") or _BY_METAVAR.get(metavar)


def _completing(
    known: Completer,
) -> Any:
    def completed(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        return list(known(incomplete))

    return completed
