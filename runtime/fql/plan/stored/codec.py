"""Plans to bytes and back: canonical JSON, sealed with a digest, refused when it does not match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from fql.collector import collector_at_rest
from fql.errors import PlanError, UsageError
from fql.exact.reading import NotJson, read_json
from fql.plan.language.nodes import dump_expression, load_expression
from fql.plan.model import FORMAT, Plan, sealed_of, with_sealed
from fql.plan.stored.files import LONGEST_PLAN, read_regular
from fql.plan.stored.sealing import as_sealed, canonical, digest_of, seal
from fql.plan.verifying.plan import verify_plan
from fql.plan.verifying.refusal import Refused

__all__ = [
    "canonical",
    "digest_of",
    "dump_expression",
    "load_expression",
    "load_plan",
    "read_plan",
    "seal",
    "write_plan",
]

_COMPILE_AGAIN = "write the plan again with `fqlc compile`"


def write_plan(plan: Plan | Mapping[str, object]) -> bytes:
    """The bytes of a plan given as model or as data; its digest is computed again. What `read_plan`
    read has the same bytes and digest again: a default that was not written stays unwritten."""
    if isinstance(plan, Plan):
        return sealed_of(plan) or write_plan(_content(plan))
    return seal({key: value for key, value in plan.items() if key != "digest"})


def read_plan(data: bytes | str) -> Plan:
    """The plan in the bytes that `seal` made. Raises PlanError: not a plan, cut short, changed
    since it was compiled, of a newer format or version than this one knows, or nothing that can
    be carried out."""
    with collector_at_rest():
        content = _decode(data)
        _check_format(content)
        sealed = _check_digest(content)
        try:
            plan = Plan.model_validate(content)
        except ValidationError as error:
            raise _misshapen(error, content) from error
        try:
            verify_plan(plan)
        except Refused as refused:
            message = f"the plan of fqlc {plan.compiler[:40]} cannot be used: {refused}"
            raise PlanError(message, hint=_COMPILE_AGAIN) from None
        return with_sealed(plan, data if data == sealed else sealed)


def _content(plan: Plan) -> dict[str, object]:
    return plan.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _misshapen(error: ValidationError, content: Mapping[str, object]) -> PlanError:
    """What does not fit the model: a key or word of another version, or damage."""
    found = error.errors(include_url=False)
    unknown = [_path_text(one["loc"]) for one in found if one["type"] in _UNKNOWN]
    if not unknown:
        message = f"the plan does not have the shape of {FORMAT}: {_path_text(found[0]['loc'])}: "
        return PlanError(message + str(found[0]["msg"]), hint=_COMPILE_AGAIN)
    named = ", ".join(f"`{place}`" for place in unknown[:5])
    more = " and more" if len(unknown) > 5 else ""
    return PlanError(
        f"the plan was written by fqlc {str(content.get('compiler'))[:40]} and says {named}{more},"
        " which this version does not know",
        hint="update fqlc here, or compile the plan again with this version",
    )


_UNKNOWN = frozenset(("extra_forbidden", "literal_error"))
"""Errors that a later version may have meant well."""


def _path_text(steps: Sequence[int | str]) -> str:
    """Where it is; the names may be anybody's, so they are short and without control characters."""
    text = ".".join(ascii(step)[1:-1] if isinstance(step, str) else str(step) for step in steps)
    return text if len(text) <= 120 else f"{text[:117]}..."


def load_plan(path: str | Path | bytes) -> Plan:
    """The plan in the file at `path`, or in the bytes of one, as the compiler gives them. Raises
    PlanError, with the path in its message."""
    if isinstance(path, bytes):
        return read_plan(path)
    try:
        return read_plan(read_regular(path, LONGEST_PLAN))
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"the plan {path} cannot be read: {reason}"
        raise PlanError(message, hint="give the path of a compiled plan") from error
    except PlanError as error:
        raise PlanError(f"{path}: {error.message}", hint=error.hint) from error


def is_loaded(plan: object) -> Plan:
    """What a caller gives as a plan. Raises UsageError for anything else."""
    if isinstance(plan, Plan):
        return plan
    raise UsageError(
        f"a plan is wanted here, and {type(plan).__name__} is not one",
        hint="`fql.load_plan(...)` makes one of the path of a compiled plan, or of its bytes",
    )


def _decode(data: bytes | str) -> dict[str, object]:
    text = data.encode() if isinstance(data, str) else data
    if not text.strip():
        raise PlanError("the plan is empty", hint=_COMPILE_AGAIN)
    try:
        content = read_json(text, floats=True)
    except NotJson as error:
        raise PlanError(_not_json(text, error), hint=_COMPILE_AGAIN) from error
    if not isinstance(content, dict):
        raise PlanError("this is JSON, but not a plan: it is not an object", hint=_COMPILE_AGAIN)
    return content


def _not_json(text: bytes, error: NotJson) -> str:
    if text.lstrip().startswith(b"{") and not text.rstrip().endswith(b"}"):
        return f"the plan is cut short: its JSON ends unfinished after {len(text)} bytes"
    return f"this is not a plan: it is not JSON: {error}"


def _check_format(content: Mapping[str, object]) -> None:
    found = content.get("format")
    if found == FORMAT:
        return
    if not isinstance(found, str) or not found.startswith("fql-plan/"):
        raise PlanError('this is JSON, but not a plan: it has no "format"', hint=_COMPILE_AGAIN)
    raise PlanError(
        f"the plan has the format {found}, but this version reads {FORMAT}",
        hint="update fqlc, or compile the plan again with this version",
    )


def _check_digest(content: Mapping[str, object]) -> bytes:
    """The bytes of the plan as `seal` makes them."""
    found = content.get("digest")
    if found is None:
        raise PlanError('this plan was not compiled: it has no "digest"', hint=_COMPILE_AGAIN)
    try:
        sealed, true = as_sealed(content)
    except TypeError:
        raise PlanError("the plan is nested too deeply", hint=_COMPILE_AGAIN) from None
    if found != true:
        raise PlanError(
            f"the plan was changed after it was compiled: its content does not match {found!r}",
            hint="change the .fql files instead, and compile them again",
        )
    return sealed
