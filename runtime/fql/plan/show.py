"""Expressions as source-like text, for people: `fqlc explain`, labels of pictures, messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import singledispatch

from fql.exact.light import light_text
from fql.plan.language import expressions as x
from fql.plan.language.types import BUILT_IN, Type
from fql.plan.language.units import show_duration

SIGNS: Mapping[str, tuple[str, int]] = {
    "or": ("||", 1), "and": ("&&", 2),
    "eq": ("==", 4), "ne": ("!=", 4), "lt": ("<", 4), "le": ("<=", 4), "gt": (">", 4),
    "ge": (">=", 4), "in": ("in", 4), "not_in": ("not in", 4),
    "coalesce": ("??", 5), "add": ("+", 6), "sub": ("-", 6),
    "mul": ("*", 7), "div": ("/", 7), "mod": ("%", 7), "not": ("!", 3), "neg": ("-", 8),
}  # fmt: skip
"""How each operator is written, and how tightly it binds. The grammar says the same, which this
half does not know: a test compares both."""

_POSTFIX = 9


def show(e: x.Expr) -> str:
    """The text of an expression, with parentheses only where they are needed."""
    return _show(e, 0)


def _show(e: x.Expr, level: int) -> str:
    """The text of an expression at a place that binds as tightly as `level`; 0 is any."""
    text, own = _shown_expression(e), _level(e)
    return f"({text})" if own < level else text


def _level(e: x.Expr) -> int:
    if isinstance(e, x.Unary) or (isinstance(e, x.Binary) and change_of(e) is None):
        return SIGNS[e.op][1]
    if isinstance(e, x.Constant) and _is_negative(e.value):
        return SIGNS["neg"][1]
    if isinstance(e, x.Choose) and _cases(e) is None:
        return 0
    return _POSTFIX + 1


def _is_negative(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and value < 0


@singledispatch
def _shown_expression(e: x.Expr) -> str:
    raise TypeError(f"{type(e).__name__} is not an expression")


@_shown_expression.register
def _constant(e: x.Constant) -> str:
    return constant_text(e.value, e.type)


def constant_text(value: object, type_: Type) -> str:
    """A literal as it would be written."""
    if isinstance(value, tuple):
        item = type_.item or type_
        return "[" + ", ".join(constant_text(v, item) for v in value) + "]"
    if isinstance(value, str):
        bare = type_.item is None and type_.name not in BUILT_IN and value.isidentifier()
        return value if bare else _quoted(value)
    if isinstance(value, datetime | date):
        return _quoted(value.isoformat().replace("+00:00", "Z"))
    if isinstance(value, timedelta):
        return show_duration(value // timedelta(milliseconds=1))
    return _number_or_word(value)


def _number_or_word(value: object) -> str:
    if value is None or isinstance(value, bool):
        return light_text(value)
    if isinstance(value, int | Decimal):
        return format(Decimal(value), "f")
    return str(value)


def _quoted(text: str) -> str:
    return light_text(text).replace("{{", "\\{{").replace("${", "\\${")


@_shown_expression.register
def _field(e: x.Field) -> str:
    return e.name if e.row == "row" else f"{e.name}.{e.row}"


@_shown_expression.register
def _changed(e: x.Changed) -> str:
    return f"{e.name}.changed()"


@_shown_expression.register(x.Builtin)
@_shown_expression.register(x.Variable)
def _named(e: x.Builtin | x.Variable) -> str:
    return e.name


@_shown_expression.register
def _response(e: x.Response) -> str:
    return f"{e.action}.response"


@_shown_expression.register
def _failure(e: x.Failure) -> str:
    return f"{e.action}.error"


@_shown_expression.register
def _member(e: x.Member) -> str:
    dot = "?." if e.of.type.nullable else "."
    return f"{_show(e.of, _POSTFIX)}{dot}{e.name}"


@_shown_expression.register
def _index(e: x.Index) -> str:
    return f"{_show(e.of, _POSTFIX)}[{show(e.key)}]"


@_shown_expression.register
def _unary(e: x.Unary) -> str:
    if e.op == "neg":
        return f"-{_show(e.of, _POSTFIX)}"
    return f"!{_show(e.of, _POSTFIX)}"


def change_of(e: x.Expr) -> tuple[str, str, x.Expr] | None:
    """The name, method and value of `name.changed_to(value)` or `name.changed_from(value)`, which a
    plan holds as two conditions; None for anything else."""
    if not (isinstance(e, x.Binary) and e.op == "and" and isinstance(e.left, x.Changed)):
        return None
    same = e.right
    if not (isinstance(same, x.Binary) and same.op == "eq" and isinstance(same.left, x.Field)):
        return None
    if same.left.name != e.left.name or same.left.row == "row":
        return None
    method = "changed_to" if same.left.row == "new" else "changed_from"
    return e.left.name, method, same.right


def written_operands(e: x.Binary) -> list[x.Expr]:
    """The operands of a chain of `&&` or `||` as they were written, in order: a `changed_to` is one
    of them, and not a chain of its own."""
    found, left = [e.right], e.left
    while isinstance(left, x.Binary) and left.op == e.op and change_of(left) is None:
        found.append(left.right)
        left = left.left
    return [left, *reversed(found)]


@_shown_expression.register
def _binary(e: x.Binary) -> str:
    change = change_of(e)
    if change is not None:
        name, method, value = change
        return f"{name}.{method}({show(value)})"
    sign, level = SIGNS[e.op]
    right_first = e.op == "coalesce"  # `a ?? b ?? c` binds to the right, comparisons to neither
    compares = level == SIGNS["eq"][1]
    rights: list[str] = []
    left: x.Expr = e
    while isinstance(left, x.Binary) and left.op == e.op and (left is e or not right_first):
        if left is not e and (compares or change_of(left) is not None):
            break
        rights.append(_show(left.right, level + (not right_first)))
        left = left.left
    first = _show(left, level + (right_first or compares))
    return f" {sign} ".join([first, *reversed(rights)])


@_shown_expression.register
def _call(e: x.Call) -> str:
    return f"{_show(e.of, _POSTFIX)}.{e.name}({', '.join(map(show, e.args))})"


@_shown_expression.register
def _quantifier(e: x.Quantifier) -> str:
    of = _show(e.of, _POSTFIX)
    if _is_trivial(e):
        return f"{of}.{e.op}()"
    return f"{of}.{e.op}({e.variable}, {show(e.body)})"


def _is_trivial(e: x.Quantifier) -> bool:
    """True for `list.first()` and the sum, least or largest of the items themselves."""
    if e.op == "first":
        return isinstance(e.body, x.Constant) and e.body.value is True
    own = isinstance(e.body, x.Variable) and e.body.name == e.variable
    return e.op in ("sum", "min", "max") and own


@_shown_expression.register
def _choose(e: x.Choose) -> str:
    cases = _cases(e)
    if cases is not None:
        return cases
    branches = "".join(f"if {show(test)} then {show(value)} else " for test, value in e.branches)
    return branches + show(e.otherwise)


def _cases(e: x.Choose) -> str | None:
    """`x.case({ ... })`, where several members of one value are told apart; else None."""
    tests = [test for test, _ in e.branches]
    if len(tests) < 2 or not all(_tells_member(test, tests[0]) for test in tests):
        return None
    told = [(test, value) for test, value in e.branches if isinstance(test, x.Binary)]
    entries = "".join(f"{show(test.right)}: {show(value)}, " for test, value in told)
    subject = _show(told[0][0].left, _POSTFIX)
    return f"{subject}.case({{ {entries}else: {show(e.otherwise)} }})"


def _tells_member(test: x.Expr, first: x.Expr) -> bool:
    if not (isinstance(test, x.Binary) and isinstance(first, x.Binary)):
        return False
    right = test.right
    member = isinstance(right, x.Constant) and isinstance(right.value, str | bool)
    of = test.left.type
    plain = of.name == "Boolean" or of.name not in BUILT_IN
    return test.op == "eq" and member and plain and test.left == first.left


@_shown_expression.register
def _list(e: x.ListOf) -> str:
    return f"[{', '.join(map(show, e.items))}]"


@_shown_expression.register
def _object(e: x.ObjectOf) -> str:
    return "{ " + ", ".join(map(_entry, e.entries)) + " }" if e.entries else "{ }"


def _entry(entry: x.Entry) -> str:
    if entry.key is None:
        return f"...{_show(entry.value, _POSTFIX)}"
    value, sign = show(entry.value), "?" if entry.optional else ""
    if value == entry.key:
        return value + sign
    key = entry.key if entry.key.isidentifier() else _quoted(entry.key)
    return f"{key}{sign}: {value}"


@_shown_expression.register
def _each(e: x.Each) -> str:
    return f"each {show(e.body)}"


@_shown_expression.register
def _template(e: x.Text) -> str:
    return f'"{_parts(e.parts)}"'


def _parts(parts: Sequence[x.TextPart]) -> str:
    return "".join(map(_part, parts))


def _part(part: x.TextPart) -> str:
    if isinstance(part, str):
        return _quoted(part)[1:-1]
    if isinstance(part, x.Hole):
        return "{{ " + _in_tag(part.value) + " }}"
    if isinstance(part, x.Environment):
        return "${" + part.name + "}"
    if isinstance(part, x.Choice):
        return _choice(part)
    head = "{% for " + part.variable + " in " + _in_tag(part.of) + " %}"
    return head + _parts(part.body) + _else(part.otherwise) + "{% endfor %}"


def _choice(part: x.Choice) -> str:
    words = ["if"] + ["elif"] * (len(part.branches) - 1)
    branches = [
        "{% " + word + " " + _in_tag(test) + " %}" + _parts(body)
        for word, (test, body) in zip(words, part.branches, strict=True)
    ]
    return "".join(branches) + _else(part.otherwise) + "{% endif %}"


def _else(parts: Sequence[x.TextPart]) -> str:
    return "{% else %}" + _parts(parts) if parts else ""


def _in_tag(e: x.Expr) -> str:
    """An expression inside a tag, where texts are quoted with single quotes."""
    return show(e).replace('"', "'")
