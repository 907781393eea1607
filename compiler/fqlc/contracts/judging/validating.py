"""The library `jsonschema` for values that are written out: all keywords, and an end in sight."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

MOST_STEPS = 10_000
"""References and unions that one value may lead through."""
LONGEST_PATTERN = 1_000


class NotJudged(Exception):
    """A schema that leads on and on, or has keywords that make no sense."""


Errors = Iterator["ValidationError"]
Keyword = Callable[["Validator", object, object, object], Errors | None]


def failing(schema: Mapping[str, object], instance: object) -> list[str]:
    """The keywords by which a value does not fit a schema. Raises NotJudged."""
    try:
        return [str(error.validator) for error in _validator(schema).iter_errors(instance)]
    except (RecursionError, TypeError, ValueError, ArithmeticError, AttributeError):
        raise NotJudged from None


def searches(pattern: str, text: str) -> bool | None:
    """Whether a pattern matches anywhere in a text; None where it is not one that takes linear
    time, such as one that looks ahead."""
    import re2

    options = re2.Options()
    options.log_errors = False
    if len(pattern) > LONGEST_PATTERN:
        return None
    try:
        return re2.search(pattern, text, options=options) is not None
    except (re2.error, UnicodeError):
        return None


def _validator(schema: Mapping[str, object]) -> Validator:
    """The library takes a tenth of a second to import, and few values are written out."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    given: Mapping[str, Keyword] = Draft202012Validator.VALIDATORS
    own: Mapping[str, Keyword] = {
        "pattern": _pattern, "patternProperties": _patterns, "multipleOf": _multiple,
    }  # fmt: skip
    steps = iter(range(MOST_STEPS))

    def counted(
        check: Keyword, validator: Validator, asked: object, instance: object, raw: object
    ) -> Errors:
        if next(steps, None) is None:
            raise NotJudged
        yield from check(validator, asked, instance, raw) or ()

    unions: Mapping[str, Keyword] = {
        word: partial(_union, given[word]) for word in ("anyOf", "oneOf")
    }
    checks: Mapping[str, Keyword] = {
        "$ref": given["$ref"], "allOf": given["allOf"], **unions, **own,
    }  # fmt: skip
    made = {word: partial(counted, check) for word, check in checks.items()}
    validator: Validator = extend(Draft202012Validator, made)(schema)
    return validator


def _union(
    check: Keyword, validator: Validator, asked: object, instance: object, raw: object
) -> Errors:
    """Where a property tells the branch, only that one counts: another may fit as well."""
    branch = _tagged(instance, raw)
    if branch is None:
        yield from check(validator, asked, instance, raw) or ()
    else:
        yield from validator.descend(instance, branch)


def _tagged(instance: object, raw: object) -> Mapping[str, object] | None:
    """The branch that a discriminator names; None where that is not known."""
    tags = raw.get("discriminator") if isinstance(raw, Mapping) else None
    if not isinstance(tags, Mapping) or not isinstance(instance, Mapping):
        return None
    tag, branches = instance.get(tags.get("propertyName")), tags.get("mapping")
    if not isinstance(tag, str) or not isinstance(branches, Mapping):
        return None
    found = branches.get(tag)
    return found if isinstance(found, Mapping) else None


def _error(message: str) -> ValidationError:
    from jsonschema.exceptions import ValidationError

    return ValidationError(message)


def _pattern(_validator: Validator, asked: object, instance: object, _raw: object) -> Errors:
    if isinstance(instance, str) and searches(str(asked), instance) is False:
        yield _error("another pattern")


def _patterns(validator: Validator, asked: object, instance: object, _raw: object) -> Errors:
    if isinstance(instance, dict) and isinstance(asked, Mapping):
        for pattern, below in asked.items():
            for key, value in instance.items():
                if searches(str(pattern), key):
                    yield from validator.evolve(schema=below).iter_errors(value)


def _multiple(_validator: Validator, asked: object, instance: object, _raw: object) -> Errors:
    if isinstance(instance, int | float) and not isinstance(instance, bool):
        step = Decimal(str(asked))
        if step and Decimal(str(instance)) % step:
            yield _error("not a multiple")
