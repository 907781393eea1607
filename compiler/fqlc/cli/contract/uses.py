"""The contracts of a project and what is used of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fqlc.checks.model import Program
from fqlc.contracts.model import Operation
from fqlc.project.errors import CommandError


@dataclass(frozen=True, slots=True)
class Used:
    """An operation with the webhooks that use it, as `observer.action`."""

    operation: Operation
    by: tuple[str, ...]


def files_of(program: Program, endpoint: str | None) -> Mapping[str, str]:
    """The file of the contract of each endpoint that has one; of one endpoint where it is named.
    Raises CommandError where there is none."""
    found = {
        e.name: e.contract[0] for e in program.endpoints.values() if isinstance(e.contract, tuple)
    }
    if endpoint is None:
        if not found:
            raise CommandError("no endpoint has a contract", 'write `contract: "crm.openapi.yaml"`')
        return found
    if endpoint not in program.endpoints:
        known = ", ".join(sorted(found)) or "none"
        raise CommandError(f"there is no endpoint `{endpoint}`", f"with a contract: {known}")
    if endpoint not in found:
        raise CommandError(
            f"the endpoint `{endpoint}` has no contract", 'write `contract: "crm.openapi.yaml"`'
        )
    return {endpoint: found[endpoint]}


def used_of(program: Program, file: str) -> Sequence[Used]:
    """The operations of a contract that webhooks use, by name."""
    found: dict[str, tuple[Operation, list[str]]] = {}
    for name, operation in _bound(program):
        if operation.contract == file and operation.documented:
            found.setdefault(operation.name, (operation, []))[1].append(name)
    return [Used(operation, tuple(by)) for _, (operation, by) in sorted(found.items())]


def _bound(program: Program) -> Iterator[tuple[str, Operation]]:
    for observer in program.observers:
        for action in observer.actions:
            if action.contract is not None:
                yield f"{observer.name}.{action.name}", action.contract.operation
