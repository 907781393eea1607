"""Settings of a plan: known keys, values of their kind and within the range of the table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from decimal import Decimal

from fql.plan.environment import begins_none, references_in
from fql.plan.language.expressions import Constant, Environment, Text
from fql.plan.limits import MOST_ENCRYPTED, MOST_SECRETS
from fql.plan.model import Policies
from fql.plan.policy.keys import Key, Kind
from fql.plan.policy.table import DEFAULTS, POLICIES
from fql.plan.verifying.expressions import loaded
from fql.plan.verifying.refusal import Refused, short, within

Names = frozenset[str]
EVERY = frozenset(key.partition(".")[0] for key in POLICIES)
Check = Callable[[object, Names], bool]


def is_number(key: Key, value: object) -> bool:
    """A number within the range of the key, judged exactly; a whole one but for `NUMBER`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(value, float) and key.kind is not Kind.NUMBER:
        return False
    exact = Decimal(repr(value)) if isinstance(value, float) else value
    return key.range is None or key.range.passed_by(exact) is None


def is_switch(value: object, _: Names) -> bool:
    """True or false."""
    return isinstance(value, bool)


def is_statuses(value: object, _: Names) -> bool:
    """HTTP statuses."""
    return (
        isinstance(value, list)
        and len(value) <= 500
        and all(isinstance(s, int) and not isinstance(s, bool) and 100 <= s <= 599 for s in value)
    )


def is_names(value: object, _: Names) -> bool:
    """Keys of a body."""
    return (
        isinstance(value, list)
        and len(value) <= MOST_ENCRYPTED
        and all(isinstance(name, str) for name in value)
    )


def is_text(value: object, names: Names) -> bool:
    """A plain text with `${NAME}`s, or an expression of literals and names. Raises Refused for a
    name that is not declared."""
    if isinstance(value, str):
        for name in references_in(value):
            _declared(name, names)
        if begins_none(value):
            raise Refused("a `${` is not followed by a name and `}`")
        return True
    if not isinstance(value, Mapping):
        return False
    expression = loaded(value)
    if isinstance(expression, Constant):
        return isinstance(expression.value, str)
    return isinstance(expression, Text) and all(_is_fixed(part, names) for part in expression.parts)


def is_secrets(value: object, names: Names) -> bool:
    """A text, or a list of texts and of objects of a text and the dates of its use."""
    entries = value if isinstance(value, list) else [value]
    return len(entries) <= MOST_SECRETS and all(_is_secret(entry, names) for entry in entries)


def _is_secret(entry: object, names: Names) -> bool:
    if not isinstance(entry, Mapping) or "secret" not in entry:
        return is_text(entry, names)
    known = set(entry) <= {"secret", "not_before", "not_after"}
    dates = [entry[key] for key in ("not_before", "not_after") if entry.get(key) is not None]
    return known and is_text(entry["secret"], names) and all(map(_is_date, dates))


def _is_date(value: object) -> bool:
    try:
        return datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        return False


def _is_fixed(part: object, names: Names) -> bool:
    if isinstance(part, Environment):
        _declared(part.name, names)
        return True
    return isinstance(part, str)


def _declared(name: str, names: Names) -> None:
    if name not in names:
        raise Refused(f"${{{short(name)}}} is not declared in `environment`")


_BY_KIND: Mapping[Kind, Check] = {
    Kind.BOOLEAN: is_switch,
    Kind.STATUSES: is_statuses,
    Kind.NAMES: is_names,
    Kind.SECRETS: is_secrets,
    Kind.TEXT: is_text,
}


def takes(key: Key, value: object, names: Names) -> bool:
    """Whether a value is one that the key takes. Raises Refused for a name that is not declared."""
    if key.kind is Kind.WORD:
        return isinstance(value, str) and value in key.words
    check = _BY_KIND.get(key.kind)
    return is_number(key, value) if check is None else check(value, names)


def verify_policies(policies: Policies, names: Names, taken: Collection[str] = EVERY) -> None:
    """Refuse unknown keys, and values of another kind or beyond their range. `taken` are the
    policies, by the first word of their key, that hold in this place.

    Null takes back what a farther level gives, where nothing is the built-in default.
    """
    for key, setting in policies.items():
        with within(short(key)):
            row = POLICIES.get(key)
            if row is None:
                raise Refused("there is no such policy")
            if key.partition(".")[0] not in taken:
                raise Refused("an action of this kind has no such policy")
            if setting.value is None and DEFAULTS.get(key) is None:
                continue
            if not takes(row, setting.value, names):
                raise Refused(f"{short(setting.value)} is not one of its values")
