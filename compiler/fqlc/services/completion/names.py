"""Names that an expression can begin with, and what can be after a dot or a bar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fql.plan.language.types import BOOLEAN, JSON, Type
from fqlc.names.fields import BUILTIN_NAMES
from fqlc.names.symbols import EntityInfo
from fqlc.services.answers import CompletionItem, What
from fqlc.services.basis.trace import Heard, Trace
from fqlc.services.completion.place import Place, escaped
from fqlc.services.hover import let_type
from fqlc.services.knowing.showing import functions, signature, type_text
from fqlc.syntax.tree import ast
from fqlc.types.calls import CHANGES, methods_of
from fqlc.types.members import BATCH_FIELDS, FAILURE_FIELDS
from fqlc.types.names import BUILTIN_TYPES, IN_BATCH
from fqlc.types.report import bare
from fqlc.types.scope import ExprScope
from fqlc.types.values.items import LIST_METHODS

FITTING, NEAR, FAR = 0, 1, 2
"""How items are ordered: what fits the expected type, other names of the row, all else."""


def names(place: Place, scope: ExprScope, expected: Type | None) -> Iterator[CompletionItem]:
    """What a bare name may be here, with types. In a batch only what all events share."""
    yield from _members(place, expected)
    for name, of in scope.variables.items():
        yield place.item(name, What.VARIABLE, detail=type_text(of), order=_order(of, expected))
    if scope.batch != "outside":
        yield from fields(place, scope, expected)
        yield from _actions(place, scope, expected)
    for name in scope.project.lets:
        found = let_type(place.snapshot, name)
        detail = type_text(found) if found is not None else ""
        order = max(_order(found, expected), NEAR) if found != expected else FITTING
        yield place.item(name, What.LET, detail=detail, order=order)
    if not scope.constant and not _is_computed(scope):
        yield from _built_ins(place, scope)
    if expected == BOOLEAN or (expected is not None and expected.required() == BOOLEAN):
        for word in ("true", "false"):
            yield place.item(word, What.WORD, order=NEAR)


def _is_computed(scope: ExprScope) -> bool:
    """True in a computed field, which is made of its own row alone."""
    return scope.entity is not None and scope.trigger is None and not scope.entity.broken


def _members(place: Place, expected: Type | None) -> Iterator[CompletionItem]:
    enum = place.snapshot.enum(expected.name) if expected is not None else None
    for name in enum.members if enum is not None else ():
        yield place.item(name, What.MEMBER, detail=enum.name if enum else "", order=FITTING - 1)


def fields(place: Place, scope: ExprScope, expected: Type | None) -> Iterator[CompletionItem]:
    """The fields of the event's row, as they were when it could last be read."""
    if scope.entity is None:
        return
    kept = place.snapshot.kept.rows.get(scope.entity.name)
    yield from _field_items(place, kept or scope.entity, expected)


def _field_items(place: Place, row: EntityInfo, expected: Type | None) -> Iterator[CompletionItem]:
    for field in (*row.fields.values(), *row.computed.values()):
        detail = type_text(field.type) + (" (sensitive)" if field.sensitive else "")
        order = _order(field.type, expected)
        yield place.item(field.name, What.FIELD, detail=detail, doc=field.doc, order=order)


def _order(of: Type | None, expected: Type | None) -> int:
    if expected is None or of is None:
        return NEAR
    return FITTING if of.required() == expected.required() else NEAR


def _actions(place: Place, scope: ExprScope, expected: Type | None) -> Iterator[CompletionItem]:
    """Answers of actions that can be read here."""
    for name, view in scope.actions.items():
        if view.response_state != "absent":
            of = view.response or JSON.optional()
            of = of.optional() if view.response_state == "nullable" else of
            yield place.item(
                f"{name}.response", What.ACTION, detail=type_text(of), order=_order(of, expected)
            )
        if view.error_state == "yes" and view.response_state == "absent":
            yield place.item(f"{name}.error", What.ACTION, detail="Failure", order=NEAR)


def _built_ins(place: Place, scope: ExprScope) -> Iterator[CompletionItem]:
    batched = scope.batch in ("outside", "each")
    for name in sorted(BUILTIN_NAMES):
        if name == "_batch" and not batched:
            continue
        if scope.batch == "outside" and name not in IN_BATCH:
            continue
        of = BUILTIN_TYPES.get(name)
        row = scope.entity.name if scope.entity is not None and of is None else ""
        if of is None and not row:
            continue
        detail = type_text(of) if of is not None else row
        yield place.item(name, What.BUILT_IN, detail=detail, order=FAR)


# After a dot -----------------------------------------------------------------


def members(place: Place, heard: Heard, trace: Trace) -> Iterator[CompletionItem]:
    """What can be after `of.`, in a template after `of |` as well."""
    written, scope = heard.written, heard.scope
    if isinstance(written, ast.CallOf):
        yield from _methods(place, _type(written.callee, trace), scope)
    if not isinstance(written, ast.MemberAccess):
        return
    of = written.of
    if isinstance(of, ast.NameUse):
        yield from _of_name(place, of, scope)
    found = trace.at(bare(of))
    if found is not None:
        yield from of_type(place, found.value.type, scope)
        if not scope.template:
            yield from _methods(place, found.value.type, scope)
    elif isinstance(of, ast.NameUse) and (row := _row_seen(place, of, scope)) is not None:
        yield from _field_items(place, row, None)


def _type(callee: ast.Expr, trace: Trace) -> Type | None:
    found = trace.at(bare(callee.of)) if isinstance(callee, ast.MemberAccess) else None
    return found.value.type if found is not None else None


def _row_seen(place: Place, use: ast.NameUse, scope: ExprScope) -> EntityInfo | None:
    """The row that `_old` and `_new` are."""
    if use.text not in ("_old", "_new") or scope.entity is None:
        return None
    return place.snapshot.kept.rows.get(scope.entity.name) or scope.entity


def _of_name(place: Place, use: ast.NameUse, scope: ExprScope) -> Iterator[CompletionItem]:
    """What is after the name of a field or of an action."""
    field = None if use.text in scope.variables else scope.row_field(use.text)
    if field is not None:
        if scope.events & {"update", "delete"} or not scope.events:
            yield place.item("old", What.BUILT_IN, detail=type_text(field.type), order=NEAR)
        if scope.events & {"insert", "update"} or not scope.events:
            yield place.item("new", What.BUILT_IN, detail=type_text(field.type), order=NEAR)
        if "update" in scope.events or not scope.events:
            yield from _changes(place, scope)
        yield from of_type(place, field.type, scope)
        if not scope.template:
            yield from _methods(place, field.type, scope)
        return
    view = scope.actions.get(use.text)
    if view is not None and view.response_state != "absent":
        of = view.response or JSON.optional()
        yield place.item("response", What.BUILT_IN, detail=type_text(of))
    if view is not None and view.error_state == "yes":
        yield place.item("error", What.BUILT_IN, detail="Failure")


def _changes(place: Place, scope: ExprScope) -> Iterator[CompletionItem]:
    for name, arguments in CHANGES.items():
        if arguments and scope.template:
            continue
        text = f"{name}($1)" if arguments else f"{name}()"
        if place.is_followed_by("("):
            text = name
        yield place.item(name, What.METHOD, text, detail="Boolean", order=NEAR, snippet=True)


_FIXED: Mapping[str, Mapping[str, Type]] = {"Failure": FAILURE_FIELDS, "Batch": BATCH_FIELDS}


def of_type(place: Place, of: Type, scope: ExprScope) -> Iterator[CompletionItem]:
    """The fields of a value."""
    row = place.snapshot.row(of.name) if scope.project.row(of.name) is not None else None
    if row is not None:
        yield from _field_items(place, row, None)
    for name, found in _FIXED.get(of.name, {}).items():
        yield place.item(name, What.FIELD, detail=type_text(found))


def _methods(place: Place, of: Type | None, scope: ExprScope) -> Iterator[CompletionItem]:
    """Methods of a value, in a template its filters."""
    if of is None or of.name == "Error":
        return
    what = What.FILTER if scope.template else What.METHOD
    for name in sorted(methods_of(of.required(), scope)):
        found = functions(name, what)
        detail = signature(found[0]) if found else ""
        doc = found[0].doc if found else ""
        text = name if place.is_followed_by("(") else _called(name, what)
        yield place.item(name, what, text, detail=detail, doc=doc, order=FAR, snippet=True)
    if not scope.template and (scope.is_enum(of) or of.name == "Boolean"):
        enum = place.snapshot.enum(of.name)
        first = next(iter(enum.members), "true") if enum is not None else "true"
        text = f"case({{ {escaped(first)}: $1, else: $2 \\}})"
        yield place.item("case", What.METHOD, text, order=FAR, snippet=True)


def _called(name: str, what: What) -> str:
    """The call of a method as a snippet; a filter needs no parentheses without arguments."""
    if name in LIST_METHODS and what is What.METHOD:
        return f"{name}(${{1:x}}, $2)"
    found = functions(name, what)
    needs = bool(found) and all(f.least for f in found)
    if what is What.FILTER:
        return f"{name}($1)" if needs or name == "default" else name
    return f"{name}($1)" if needs else f"{name}()"
