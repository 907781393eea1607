"""Expressions: every node is known, and states the type that its operands give it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from fql.exact.writing import canonical_json
from fql.plan.language import expressions as x
from fql.plan.language.nodes import load_expression
from fql.plan.language.types import BOOLEAN, DATETIME, INT, JSON, OBJECT, STRING, Type, list_of
from fql.plan.verifying import operators
from fql.plan.verifying.calls import call_type
from fql.plan.verifying.constants import fits
from fql.plan.verifying.names import NAME, Known
from fql.plan.verifying.refusal import Refused, short

MOST_CHOICES = 40
"""`if` and `for` of a template within each other."""

MOST_LISTS = 10
"""Methods over items within each other; the checker allows fewer."""

_BUILTINS: Mapping[str, Type] = {
    "_id": STRING, "_timestamp": DATETIME, "_event": STRING, "_entity": STRING,
    "_observer": STRING, "_run": STRING, "_batch": Type("Batch"),
}  # fmt: skip
_OF_BATCH = frozenset({"_batch", "_observer", "_timestamp"})
_FAILURE: Mapping[str, Type] = {
    "message": STRING, "status": INT, "class": STRING, "attempts": INT,
}  # fmt: skip
_BATCH: Mapping[str, Type] = {"id": STRING, "size": INT}
_NO_TEXT = frozenset({"JSON", "Duration", "Null", "Object", "Failure", "Batch"})


MOST_SOUND = 1_000
"""So many are remembered, those that come first."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may name. `row` is None where there is no event; `actions` are the types
    of answers; `environment` the declared names, None where none may be."""

    known: Known
    entity: str = ""
    events: frozenset[str] = frozenset()
    actions: Mapping[str, Type] = field(default_factory=dict)
    environment: frozenset[str] | None = None
    batch: Literal["none", "outside", "each"] = "none"
    variables: Mapping[str, Type] = field(default_factory=dict)
    choices: int = 0

    @property
    def row(self) -> Mapping[str, Type]:
        """The fields of the event's entity."""
        return self.known.rows.get(self.entity, {})


Verify = Callable[[Mapping[str, object], Scope], object]


def verified_once(stored: Mapping[str, object], scope: Scope, verify: Verify) -> None:
    """What `verify` says of an expression in a scope, which for the same of both is the same. It
    raises Refused."""
    sound = scope.known.sound
    written = canonical_json(stored, read=True)
    answers = b'"action"' in written and (*scope.actions.items(),)
    key = (verify, written, answers, scope.entity, scope.events, scope.environment, scope.batch)
    if key not in sound:
        verify(stored, scope)
        if len(sound) < MOST_SOUND:
            sound.add(key)


def verified(stored: Mapping[str, object], scope: Scope) -> x.Expr:
    """An expression from its stored form, whose nodes all fit. Raises Refused."""
    expression = loaded(stored)
    type_of(expression, scope)
    return expression


def loaded(stored: Mapping[str, object]) -> x.Expr:
    """An expression from its stored form. Raises Refused."""
    try:
        return load_expression(stored)
    except ValueError as error:
        raise Refused(str(error)) from None


def type_of(e: x.Expr, scope: Scope) -> Type:
    """The type of an expression, null aside. Raises Refused where it states another one. It walks
    as deep as the document nests, which its reader has bounded."""
    if not scope.known.expresses(e.type):
        raise Refused(f"there is no type {short(str(e.type))}")
    found = _RULES[type(e)](e, scope)
    if found is not None and not operators.same(e.type, found):
        raise Refused(f"{_called(e)} is a `{found}`, but the plan says that it is a `{e.type}`")
    return e.type


def _called(e: x.Expr) -> str:
    name = getattr(e, "op", None) or getattr(e, "name", None) or getattr(e, "action", None)
    return f"`{name}`" if name else f"a {type(e).__name__.lower()}"


# What is named -----------------------------------------------------------------


def _constant(e: x.Constant, scope: Scope) -> None:
    if not fits(e.value, e.type, scope.known):
        raise Refused(f"a constant is not of its type `{e.type}`")


def _one_event(what: str, scope: Scope) -> None:
    if not scope.entity:
        raise Refused(f"{what} needs an event, and there is none here")
    if scope.batch == "outside":
        raise Refused(f"{what} belongs to one event, and this is rendered once for a batch")


def _field(e: x.Field, scope: Scope) -> Type:
    _one_event(f"the field {short(e.name)}", scope)
    missing = {"old": frozenset({"insert"}), "new": frozenset({"delete"})}.get(e.row)
    if missing is None and e.row != "row":
        raise Refused(f"there is no row {short(e.row)}")
    if scope.events and scope.events == missing:
        raise Refused(f"there is no {e.row} row")
    return _member_of(scope.row, e.name, scope.entity)


def _member_of(fields: Mapping[str, Type], name: str, owner: str) -> Type:
    found = fields.get(name)
    if found is None:
        raise Refused(f"{owner} has no field {short(name)}")
    return found


def _changed(e: x.Changed, scope: Scope) -> Type:
    _one_event(f"the field {short(e.name)}", scope)
    _member_of(scope.row, e.name, scope.entity)
    return BOOLEAN


def _builtin(e: x.Builtin, scope: Scope) -> Type:
    if e.name == "_batch" and scope.batch == "none":
        raise Refused("there is no batch here")
    if e.name not in _OF_BATCH:
        _one_event(short(e.name), scope)
    if e.name in ("_old", "_new"):
        return Type(scope.entity)
    return _member_of(_BUILTINS, e.name, "the language")


def _variable(e: x.Variable, scope: Scope) -> Type:
    return _member_of(scope.variables, e.name, "the scope")


def _response(e: x.Response, scope: Scope) -> Type:
    _one_event(f"the answer of {short(e.action)}", scope)
    if e.action not in scope.actions:
        raise Refused(f"there is no action {short(e.action)}")
    return scope.actions[e.action]


def _failure(e: x.Failure, scope: Scope) -> Type:
    _response(x.Response(type=JSON, action=e.action), scope)
    return Type("Failure")


def _member(e: x.Member, scope: Scope) -> Type:
    of = type_of(e.of, scope)
    if isinstance(e.of, x.Failure):
        return _member_of(_FAILURE, e.name, "an error")
    if isinstance(e.of, x.Builtin) and e.of.name == "_batch":
        return _member_of(_BATCH, e.name, "`_batch`")
    if of.item is not None or of.name not in scope.known.rows:
        raise Refused(f"a `{of}` has no members")
    return _member_of(scope.known.rows[of.name], e.name, of.name)


# What is computed ----------------------------------------------------------------


def _index(e: x.Index, scope: Scope) -> Type:
    found = operators.index(type_of(e.of, scope), type_of(e.key, scope))
    if found is None:
        raise Refused(f"a `{e.of.type}` has no `{e.key.type}` in brackets")
    return found


def _unary(e: x.Unary, scope: Scope) -> Type:
    found = operators.unary(e.op, type_of(e.of, scope))
    if found is None:
        raise Refused(f"`{e.op}` does not take a `{e.of.type}`")
    return found


def _binary(e: x.Binary, scope: Scope) -> Type:
    if e.op in ("and", "or"):
        return _chain(e, scope)
    found = operators.binary(e.op, type_of(e.left, scope), type_of(e.right, scope))
    if found is None:
        raise Refused(f"`{e.op}` does not take a `{e.left.type}` and a `{e.right.type}`")
    return found


def _chain(e: x.Binary, scope: Scope) -> Type:
    """A chain of one operator leans to the left, and may be long."""
    rest: x.Expr = e
    while isinstance(rest, x.Binary) and rest.op == e.op:
        _is_boolean(rest.right, scope, e.op)
        rest = rest.left
    _is_boolean(rest, scope, e.op)
    return BOOLEAN


def _is_boolean(e: x.Expr, scope: Scope, use: str) -> None:
    if type_of(e, scope).name != "Boolean":
        raise Refused(f"`{use}` takes Booleans, not a `{e.type}`")


def _call(e: x.Call, scope: Scope) -> Type:
    of = type_of(e.of, scope)
    return call_type(e, of, [type_of(a, scope) for a in e.args], scope.known)


def _quantifier(e: x.Quantifier, scope: Scope) -> Type:
    of = type_of(e.of, scope)
    if len(scope.variables) >= MOST_LISTS:
        raise Refused(f"a list is gone through within {MOST_LISTS} others")
    inner = _with_variable(e.variable, of, scope)
    found = operators.over_items(e.op, of.item or JSON, type_of(e.body, inner))
    if found is None:
        raise Refused(f"`{e.op}` does not take a `{e.body.type}`")
    return found


def _choose(e: x.Choose, scope: Scope) -> None:
    for test, _ in e.branches:
        _is_boolean(test, scope, "if")
    for value in (*(value for _, value in e.branches), e.otherwise):
        found = type_of(value, scope)
        if not operators.becomes(found, e.type):
            raise Refused(f"a choice of `{e.type}` holds a `{found}`")


def _with_variable(name: str, of: Type, scope: Scope) -> Scope:
    if of.item is None:
        raise Refused(f"a `{of}` has no items")
    if not NAME.fullmatch(name) or name in scope.variables:
        raise Refused(f"the variable {short(name)} is used twice or is not a name")
    return replace(scope, variables={**scope.variables, name: of.item})


# What is built -------------------------------------------------------------------


def _list(e: x.ListOf, scope: Scope) -> None:
    item = e.type.item
    if item is None:
        raise Refused(f"the plan says that a list is a `{e.type}`")
    for each in e.items:
        found = type_of(each, scope)
        fits = operators.comparable(item, found) or operators.same(item, found)
        if item.name != "JSON" and not fits:
            raise Refused(f"a list of `{item}` holds a `{found}`")


def _object(e: x.ObjectOf, scope: Scope) -> Type:
    for entry in e.entries:
        found = type_of(entry.value, scope)
        if found.name == "Duration":
            raise Refused("a duration has no JSON form")
        if entry.key is None and found.name != OBJECT.name and found.name not in scope.known.rows:
            raise Refused(f"a `{found}` cannot be spread")
    return OBJECT


def _each(e: x.Each, scope: Scope) -> Type:
    if scope.batch != "outside":
        raise Refused("`each` is allowed in a batched body only, and not inside another one")
    type_of(e.body, replace(scope, batch="each"))
    return list_of(OBJECT)


def _type_of_text(e: x.Text, scope: Scope) -> Type:
    _parts(e.parts, scope)
    return STRING


def _parts(parts: Iterable[x.TextPart], scope: Scope) -> None:
    for part in parts:
        match part:
            case x.Hole():
                _has_text(type_of(part.value, scope), scope)
            case x.Environment():
                _declared(part.name, scope.environment)
            case x.Choice():
                inner = _within_choice(scope)
                for test, body in part.branches:
                    _is_boolean(test, inner, "if")
                    _parts(body, inner)
                _parts(part.otherwise, inner)
            case x.Loop():
                inner = _within_choice(scope)
                _parts(part.body, _with_variable(part.variable, type_of(part.of, inner), inner))
                _parts(part.otherwise, inner)


def _within_choice(scope: Scope) -> Scope:
    if scope.choices >= MOST_CHOICES:
        raise Refused(f"a template nests more than {MOST_CHOICES} deep")
    return replace(scope, choices=scope.choices + 1)


def _has_text(of: Type, scope: Scope) -> None:
    known = scope.known
    if of.item is not None or of.name in _NO_TEXT or of.name in known.rows:
        raise Refused(f"a `{of}` has no text form")


def _declared(name: str, environment: frozenset[str] | None) -> None:
    if environment is None:
        raise Refused(f"${{{short(name)}}} is used where its value would be stored or shown")
    if name not in environment:
        raise Refused(f"${{{short(name)}}} is not declared in `environment`")


_RULES: Mapping[type, Callable[..., Type | None]] = {
    x.Constant: _constant,
    x.Field: _field,
    x.Changed: _changed,
    x.Builtin: _builtin,
    x.Variable: _variable,
    x.Response: _response,
    x.Failure: _failure,
    x.Member: _member,
    x.Index: _index,
    x.Unary: _unary,
    x.Binary: _binary,
    x.Call: _call,
    x.Quantifier: _quantifier,
    x.Choose: _choose,
    x.ListOf: _list,
    x.ObjectOf: _object,
    x.Each: _each,
    x.Text: _type_of_text,
}
