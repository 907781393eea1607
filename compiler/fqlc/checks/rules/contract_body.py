"""FQL411 to 417: a body that its contract refuses, or may refuse."""

from __future__ import annotations

from fqlc.checks.contract.judged import Bound, bound_actions, media_type, schema_for
from fqlc.checks.contract.reporting import MOST_FINDINGS, reported
from fqlc.checks.contract.written import written_body
from fqlc.checks.model import Program
from fqlc.contracts.judging.findings import Judgement
from fqlc.contracts.judging.judge import Judge
from fqlc.diagnostics.sink import Sink


def check(program: Program, sink: Sink) -> None:
    """Judge the body of each action that has a contract."""
    for bound in bound_actions(program):
        judgement = judged(bound)
        if judgement.findings:
            _report(bound, judgement, sink)


def judged(bound: Bound) -> Judgement:
    """What is found of a body, and what nobody judged of it."""
    content = bound.contract.operation.body
    if content is None or not bound.sends:
        return Judgement()
    schema = schema_for(content, media_type(bound))[1]
    value = bound.value() if schema is not None else None
    if schema is None or value is None:
        return Judgement()
    return Judge(form=bound.action.target.format == "form").body(value, schema)


def _report(bound: Bound, judgement: Judgement, sink: Sink) -> None:
    written = written_body(bound.action.block)
    begin = "the body" if bound.action.body is not None else "the event, which is the body,"
    for found in judgement.findings[:MOST_FINDINGS]:
        sink.add(reported(found, bound, written, begin))
