"""One declaration checked among the names of a snapshot."""

from __future__ import annotations

from dataclasses import replace

from fqlc.checks.model import ObserverModel
from fqlc.checks.reading.observers import read_observer
from fqlc.checks.reading.program import read_program
from fqlc.checks.reading.tools import Tools
from fqlc.diagnostics.sink import MAX_COMPARED, Budget, Sink
from fqlc.names.fields import build_row
from fqlc.names.project import MOST_EXPANDED, Project
from fqlc.names.symbols import Listener, Symbol, Unread, Uses
from fqlc.services.basis.trace import Listening, Trace
from fqlc.services.snapshot import Snapshot
from fqlc.syntax.tree import ast
from fqlc.types.infer import check_fields, infer
from fqlc.types.scope import ExprScope


def check_part(
    snapshot: Snapshot, path: str, declaration: ast.Declaration, trace: Trace
) -> ObserverModel | None:
    """Check a declaration of a file, so that the trace hears its expressions. What is wrong in it
    is not reported. Gives the model of an observer."""
    with Listening(trace) as ear:
        return _checked_alone(snapshot, _project(snapshot, ear), path, declaration)


def _checked_alone(
    snapshot: Snapshot, project: Project, path: str, declaration: ast.Declaration
) -> ObserverModel | None:
    match declaration:
        case ast.Block(kind=ast.Name(text="observer")):
            program = snapshot.program
            tools = Tools(
                project=project,
                path=path,
                sink=Sink(),
                surroundings=program.surroundings,
                retries=program.retries,
                contracts=snapshot.contracts,
                endpoints=program.endpoints,
            )
            return read_observer(tools, declaration)
        case ast.Block():
            alone, around = _alone(project, path, declaration), snapshot.program.surroundings
            read_program(alone, Sink(), around, snapshot.contracts)
        case ast.LetDeclaration(value=value):
            infer(value, ExprScope(project, path, constant=True), Sink())
        case ast.EntityDeclaration():
            check_fields(_with_row(project, path, declaration), Sink())
    return None


def _project(snapshot: Snapshot, listener: Listener) -> Project:
    """The project of the snapshot, with the rows that it keeps, and nothing shared that changes."""
    project = snapshot.program.project
    return replace(
        project,
        rows={**project.rows, **snapshot.kept.rows},
        enum_infos={**project.enum_infos, **snapshot.kept.enums},
        uses=Uses(),
        comparisons=Budget(MAX_COMPARED),
        expansions=Budget(MOST_EXPANDED),
        constants={k: v for k, v in project.constants.items() if "." not in k},
        listener=listener,
    )


def _alone(project: Project, path: str, block: ast.Block) -> Project:
    """The project with one block only, and all types."""
    name = block.name.text if block.name is not None else ""
    kind = block.kind.text
    symbol = Symbol(name, kind, block, path, block.span)
    own = {name: symbol}
    return replace(
        project,
        files=(),
        endpoints=own if kind == "endpoint" else {},
        retries=own if kind == "retry" else {},
        observers={},
        defaults=(block,) if kind == "defaults" else (),
        tests=(),
    )


def _with_row(project: Project, path: str, declaration: ast.EntityDeclaration) -> Project:
    """The project in which an entity is the one that is declared here; no other has computed
    fields."""
    name = declaration.name.text
    symbol = Symbol(name, "entity", declaration, path, declaration.name.span)
    kinds = {
        **dict.fromkeys(project.enums, "enum"),
        **dict.fromkeys(project.types, "type"),
        **dict.fromkeys(project.entities, "entity"),
    }
    row = build_row(symbol, kinds, Unread(frozenset(), incomplete=True), Sink(), Uses())
    others = {n: r if not r.computed else replace(r, computed={}) for n, r in project.rows.items()}
    return replace(project, rows={**others, name: row}, entities={**project.entities, name: symbol})
