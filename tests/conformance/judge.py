"""What fql makes of an expression in its own notation, and the verdict beside the suite's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from fql.engine.program.match import scope_of
from fql.events.intake import Intake
from fql.exact.writing import write_json
from fql.expressions.compile import compile_body
from fql.expressions.walker import evaluate
from fql.plan.stored.codec import load_expression, read_plan
from fql.plan.table import TypeTable
from fqlc import compile_text

Kind = Literal["equal", "rejected statically", "different by decision", "not applicable", "wrong"]


class NotApplicable(Exception):
    """The language has no such thing; the message says which."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The comparison of one case; `reason` is empty only for equal ones."""

    kind: Kind
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The compiler's answer: the codes and messages of its errors."""

    codes: tuple[str, ...]
    messages: tuple[str, ...]


def rejection(ours: Rejected, reasons: Iterable[tuple[str, str]]) -> Verdict:
    """Why we reject what the suite accepts, by the first pattern that the messages hold."""
    text = " ".join(ours.messages)
    for pattern, reason in reasons:
        if re.search(pattern, text):
            return Verdict("different by decision", f"rejected: {reason}")
    return Verdict("wrong", f"{ours.codes} {text}")


@dataclass(frozen=True, slots=True)
class Data:
    """The data of a case: fields with types and values, and the declarations they need."""

    fields: Mapping[str, tuple[str, object]]
    declarations: str = ""


def evaluated(expression: str, data: Data) -> Rejected | object:
    """Compile the expression as a value of a body, and run it, generated and walked."""
    fields = "\n".join(f"  {name}: {type_}" for name, (type_, _) in data.fields.items())
    source = (
        f"{data.declarations}\nentity Case {{\n  case_id: ID\n{fields}\n}}\n"
        "observer conformance { on: Case.insert\n"
        '  webhook send { url: "https://example.com/"\n'
        f"    body: {{ result: {expression} }}\n  }}\n}}\n"
    )
    compiled = compile_text(source)
    if compiled.plan is None:
        errors = [d for d in compiled.diagnostics if d.severity == "error"]
        return Rejected(tuple(d.code for d in errors), tuple(d.message for d in errors))
    plan = read_plan(compiled.plan)
    row = {"case_id": "1", **{name: value for name, (_, value) in data.fields.items()}}
    event = Intake(plan).check(
        {"entity": "Case", "event": "insert", "new": row},
        source="suite",
        position="1",
        new_id=lambda: "1",
        now=datetime(2026, 3, 2, tzinfo=UTC),
    )
    stored = plan.observers[0].nodes[0].config.body
    assert stored is not None
    body = load_expression(stored)
    scope = scope_of(event)
    walked: Any = evaluate(body, scope)
    assert compile_body(body, TypeTable.of(plan))(scope) == write_json(walked)
    result: object = walked["result"]
    return result


def same_value(ours: object, theirs: object) -> bool:
    """Equality of JSON values; the suites hold numbers as floats, ours may be exact."""
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, list | tuple) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same_value, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same_value(ours[k], theirs[k]) for k in ours)
    number = (int, float)
    if hasattr(ours, "as_tuple") and isinstance(theirs, number):
        return float(str(ours)) == float(theirs)
    return ours == theirs
