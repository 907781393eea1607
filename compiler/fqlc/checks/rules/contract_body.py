"""FQL411 to 417: a body that its contract refuses, or may refuse."""

from __future__ import annotations

from dataclasses import replace

from fqlc.checks.contract.judged import Bound, body_schema, bound_actions
from fqlc.checks.contract.reporting import MOST_FINDINGS, reported
from fqlc.checks.contract.written import written_body
from fqlc.checks.model import Program
from fqlc.contracts.judging.findings import Finding, Judgement
from fqlc.contracts.judging.judge import Judge
from fqlc.contracts.judging.parts.opened import Schemas
from fqlc.contracts.judging.parts.unions import subject
from fqlc.diagnostics.sink import Sink


def check(program: Program, sink: Sink) -> None:
    """Judge the body of each action that has a contract."""
    schemas = Schemas()
    for bound in bound_actions(program):
        judgement = judged(bound, schemas)
        if judgement.findings:
            _report(bound, judgement, sink)


def judged(bound: Bound, schemas: Schemas | None = None) -> Judgement:
    """What is found of a body, and what nobody judged of it. `schemas` is what is known of them."""
    schema = body_schema(bound)
    value = bound.value() if schema is not None else None
    if schema is None or value is None:
        return Judgement()
    return Judge(schemas, form=bound.action.target.format == "form").body(value, schema)


def _report(bound: Bound, judgement: Judgement, sink: Sink) -> None:
    written = written_body(bound.action.block)
    findings = judgement.findings
    if bound.action.body is None:
        findings = _as_one(findings)
    for found in findings[:MOST_FINDINGS]:
        sink.add(reported(found, bound, written, "the body"))


def _as_one(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Where no body is written, there is one cause, whatever does not fit: the event is sent."""
    first, *rest = sorted(findings, key=lambda found: found.warning)
    more = f", and {len(rest)} more" if rest else ""
    told = f"{subject(first.path)} {first.says}"
    says = f"is the event, since none is written, and does not fit: {told}{more}"
    help_ = ("write a `body`", *first.help)
    return (replace(first, says=says, path=(), label="without a body", help=help_),)
