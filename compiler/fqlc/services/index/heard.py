"""Names in expressions, from what the check has said of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fql.plan.language.functions import HALF_UP
from fqlc.names.fields import BUILTIN_NAMES
from fqlc.names.symbols import FieldInfo
from fqlc.services.answers import What
from fqlc.services.basis.trace import Heard, Trace
from fqlc.services.index.things import Form, Names, Thing, inside_quotes, key_place
from fqlc.syntax.tree import ast
from fqlc.types.calls import CHANGES
from fqlc.types.report import bare
from fqlc.types.scope import ExprScope
from fqlc.types.values.items import LIST_METHODS

VERSIONS = ("old", "new")
"""What is after the dot of a field."""

ANSWERS = ("response", "error")
"""What is after the dot of an action."""


class HeardNames:
    """Adds the names of one file. `observer` tells which observer an offset is in."""

    def __init__(self, names: Names, trace: Trace, observer: Callable[[int], str]) -> None:
        self._names, self._trace, self._observer = names, trace, observer

    def add_all(self) -> None:
        """Add the names of all expressions; calls first, for they declare variables."""
        heard = list(self._trace.of(self._names.path))
        for one in heard:
            if isinstance(one.written, ast.CallOf):
                self._variable(one.written)
        for one in heard:
            rule = _RULES.get(type(one.written))
            if rule is not None:
                rule(self, one)

    def _bare_name(self, heard: Heard) -> None:
        assert isinstance(heard.written, ast.NameUse)  # noqa: S101 - by the table of rules
        thing = self._meant(heard.written, heard)
        if thing is not None:
            self._names.add(heard.written.span, thing)

    def _meant(self, use: ast.NameUse, heard: Heard) -> Thing | None:
        found = meaning_of(use.text, heard)
        if found is None or found.owner or found.what not in (What.VARIABLE, What.ACTION):
            return found
        if found.what is What.VARIABLE:
            return self._names.variable(use.text, use.span.start)
        return Thing(What.ACTION, use.text, self._observer(use.span.start))

    def _dotted(self, heard: Heard) -> None:
        expr = heard.written
        assert isinstance(expr, ast.MemberAccess)  # noqa: S101 - by the table of rules
        name, scope = expr.name, heard.scope
        field = _bare_field(expr.of, scope)
        if field is not None and name.text in VERSIONS:
            self._names.add(expr.of.span, _field_thing(field))
            self._names.add(name.span, Thing(What.BUILT_IN, name.text, What.FIELD))
        elif _is_action(expr.of, scope) and name.text in ANSWERS:
            of = expr.of.text if isinstance(expr.of, ast.NameUse) else ""
            self._names.add(expr.of.span, Thing(What.ACTION, of, self._observer(expr.span.start)))
            self._names.add(name.span, Thing(What.BUILT_IN, name.text, What.ACTION))
        elif isinstance(expr.of, ast.NameUse) and expr.of.text in ("_old", "_new"):
            self._names.add(expr.of.span, Thing(What.BUILT_IN, expr.of.text))
            found = scope.row_field(name.text)
            if found is not None:
                self._names.add(name.span, _field_thing(found))
        else:
            self._of_value(expr, scope)

    def _of_value(self, expr: ast.MemberAccess, scope: ExprScope) -> None:
        of = self._trace.at(bare(expr.of))
        if of is None:
            return
        row = scope.project.row(of.value.type.name)
        field = row.fields.get(expr.name.text) if row is not None else None
        if field is not None:
            self._names.add(expr.name.span, _field_thing(field))
        elif of.value.type.name in ("Failure", "Batch"):
            thing = Thing(What.BUILT_IN, expr.name.text, of.value.type.name)
            self._names.add(expr.name.span, thing)

    def _called(self, heard: Heard) -> None:
        expr = heard.written
        assert isinstance(expr, ast.CallOf)  # noqa: S101 - by the table of rules
        callee = expr.callee
        if not isinstance(callee, ast.MemberAccess):
            return
        field = _bare_field(callee.of, heard.scope)
        if field is not None and callee.name.text in CHANGES:
            self._names.add(callee.of.span, _field_thing(field))
        what = What.FILTER if heard.scope.template else What.METHOD
        self._names.add(callee.name.span, Thing(what, callee.name.text))
        for argument in expr.arguments:
            if isinstance(argument, ast.NameUse) and argument.text == HALF_UP:
                self._names.add(argument.span, Thing(What.WORD, HALF_UP))
        if callee.name.text == "case":
            self._cases(expr, callee)

    def _cases(self, expr: ast.CallOf, callee: ast.MemberAccess) -> None:
        """The keys of `x.case({ member: value })`."""
        of = self._trace.at(bare(callee.of))
        for argument in expr.arguments:
            if of is None or not isinstance(argument, ast.ObjectLiteral):
                continue
            enum = of.scope.project.enum_infos.get(of.value.type.name)
            for entry in argument.entries:
                if entry.key is None:
                    continue
                known = enum is not None and entry.key.text in enum.members
                owner = enum.name if known and enum is not None else ""
                what = What.MEMBER if known else What.WORD
                span, form = key_place(entry)
                self._names.add(span, Thing(what, entry.key.text, owner), form)

    def _variable(self, expr: ast.CallOf) -> None:
        """The variable of `list.any(x, ...)`."""
        callee = expr.callee
        if not isinstance(callee, ast.MemberAccess) or callee.name.text not in LIST_METHODS:
            return
        first = expr.arguments[0] if len(expr.arguments) == 2 else None
        if isinstance(first, ast.NameUse):
            self._names.scopes.append((first.span.start, expr.span.end, first.text, first.span))
            thing = Thing(What.VARIABLE, first.text, f"{first.span.path}:{first.span.start}")
            self._names.add(first.span, thing, Form.DECLARED)

    def _quoted_member(self, heard: Heard) -> None:
        """A member of an enum as a text: `status == "shipped"`."""
        expr, expected = heard.written, heard.expected
        assert isinstance(expr, ast.StringLiteral)  # noqa: S101 - by the table of rules
        enum = heard.scope.project.enum_infos.get(expected.name) if expected else None
        if enum is not None and expr.value in enum.members:
            thing = Thing(What.MEMBER, expr.value, enum.name)
            self._names.add(inside_quotes(expr.span), thing, Form.QUOTED)

    def _default(self, heard: Heard) -> None:
        """The filter `default`, which is an operator everywhere else."""
        expr = heard.written
        assert isinstance(expr, ast.BinaryOf)  # noqa: S101 - by the table of rules
        if heard.scope.template and expr.op == "coalesce":
            self._names.add(expr.operator, Thing(What.FILTER, "default"))


_RULES: Mapping[type[ast.Tree], Callable[[HeardNames, Heard], None]] = {
    ast.NameUse: HeardNames._bare_name,
    ast.MemberAccess: HeardNames._dotted,
    ast.CallOf: HeardNames._called,
    ast.StringLiteral: HeardNames._quoted_member,
    ast.BinaryOf: HeardNames._default,
}


def meaning_of(name: str, heard: Heard) -> Thing | None:
    """What a bare name stands for at an expression, in the order of the language. Variables and
    actions have no owner."""
    scope = heard.scope
    enum = scope.project.enum_infos.get(heard.expected.name) if heard.expected else None
    if enum is not None and name in enum.members:
        return Thing(What.MEMBER, name, enum.name)
    if name in scope.variables:
        return Thing(What.VARIABLE, name)
    if name in BUILTIN_NAMES and not scope.constant:
        return Thing(What.BUILT_IN, name)
    field = scope.row_field(name)
    if field is not None:
        return _field_thing(field)
    if name in scope.actions:
        return Thing(What.ACTION, name)
    return Thing(What.LET, name) if name in scope.project.lets else None


def _field_thing(field: FieldInfo) -> Thing:
    return Thing(What.FIELD, field.name, field.owner)


def _bare_field(expr: ast.Expr, scope: ExprScope) -> FieldInfo | None:
    """The field that a bare name stands for."""
    if isinstance(expr, ast.NameUse) and expr.text not in scope.variables:
        return scope.row_field(expr.text)
    return None


def _is_action(expr: ast.Expr, scope: ExprScope) -> bool:
    return isinstance(expr, ast.NameUse) and expr.text in scope.actions
