"""What can be told from the shape of an expression before any row is there."""

from __future__ import annotations

from collections.abc import Mapping

from fql.expressions import operators
from fql.plan.language import expressions as x


def equality(e: x.Binary, left: str, right: str) -> str:
    """The code of `==` and `!=`: Python's own where that is right for the types."""
    if any(isinstance(side, x.Constant) and side.value is None for side in (e.left, e.right)):
        return f"({left} {'is' if e.op == 'eq' else 'is not'} {right})"
    text = any(isinstance(side, x.Constant) and _is_text(side) for side in (e.left, e.right))
    if text or (operators.is_plain(e.left.type) and operators.is_plain(e.right.type)):
        return f"({left} {'==' if e.op == 'eq' else '!='} {right})"
    return f"{'SAME' if e.op == 'eq' else 'DIFFERS'}({left}, {right})"


def _is_text(e: x.Constant) -> bool:
    return isinstance(e.value, str)


def literal_items(e: x.Expr) -> tuple[object, ...] | None:
    """The values of a list that is known when the plan is loaded, or None."""
    if isinstance(e, x.Constant) and isinstance(e.value, tuple):
        return e.value
    if isinstance(e, x.ListOf):
        items = [item.value for item in e.items if isinstance(item, x.Constant)]
        return tuple(items) if len(items) == len(e.items) else None
    return None


def is_record(e: x.Expr) -> bool:
    """True for `_batch` and `action.error`, whose members are attributes."""
    return isinstance(e, x.Failure) or (isinstance(e, x.Builtin) and e.name == "_batch")


def record_attribute(name: str) -> str:
    """The attribute behind a member of `_batch` or `action.error`. Raises KeyError."""
    return _RECORD_ATTRIBUTES[name]


_RECORD_ATTRIBUTES: Mapping[str, str] = {
    "id": "id",
    "size": "size",
    "message": "message",
    "status": "status",
    "class": "error_class",
    "attempts": "attempts",
}
