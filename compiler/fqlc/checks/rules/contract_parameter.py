"""FQL421: parameters of an operation that are missing, or of another type than it takes."""

from __future__ import annotations

from collections.abc import Mapping

from fql.plan.language.expressions import Constant, Expr
from fql.plan.web.headers import is_reserved
from fqlc.checks.contract.judged import Bound, bound_actions
from fqlc.checks.contract.parameters import header_fix, query_fix
from fqlc.checks.model import Program
from fqlc.checks.reading.settings import HeaderGiven
from fqlc.contracts.judging.judge import Judge
from fqlc.contracts.judging.wire.sending import Sending
from fqlc.contracts.judging.wire.urls import Query, parts_of, path_values, query_of, split_url
from fqlc.contracts.model import Parameter
from fqlc.diagnostics.model import Fix
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import Span
from fqlc.types.report import poisoned

_NOT_PARAMETERS = frozenset({"accept", "content-type", "authorization"})
"""Headers that OpenAPI describes elsewhere, and whose parameters are to be ignored."""

_OBJECT = frozenset({"object"})
_WORDS = {"path": "the path parameter", "query": "the query parameter", "header": "the header"}


def check(program: Program, sink: Sink) -> None:
    """Judge the url and the headers of each action that has a contract."""
    for bound in bound_actions(program):
        if bound.contract.operation.parameters and bound.action.block.sound:
            _Parameters(bound, sink).judge()


class _Parameters:
    """The parameters of one action."""

    def __init__(self, bound: Bound, sink: Sink) -> None:
        self._bound, self._sink = bound, sink
        target = bound.action.target
        written = target.path or target.url
        path, query = split_url(parts_of(written.expr if written is not None else None))
        self._text = written.literal if written is not None else None
        self._path = path_values(path, bound.contract.operation.path)
        self._query: Query = query_of(query)
        self._headers = _headers(bound)

    def judge(self) -> None:
        """Look at each parameter."""
        for one in self._bound.contract.operation.parameters:
            if one.where == "path" and one.name in self._path:
                self._parameter_value(one, self._path[one.name], self._place())
            elif one.where == "query":
                self._in_query(one)
            elif one.where == "header" and one.name.lower() not in _NOT_PARAMETERS:
                self._in_header(one)

    def _place(self) -> Span:
        return self._bound.action.block.header if self._text is None else self._text.span

    def _in_query(self, one: Parameter) -> None:
        value = self._query.values.get(one.name)
        if value is not None:
            self._parameter_value(one, value, self._place())
        elif one.required and self._query.complete and self._text is not None:
            fix = query_fix(self._bound, one.name, self._text)
            self._missing(one, self._place(), f"add it to the path: `?{one.name}=...`", fix)

    def _in_header(self, one: Parameter) -> None:
        name = one.name.lower()
        if name in self._headers:
            value, span = self._headers[name]
            if value is not None:
                self._parameter_value(one, value, span)
        elif one.required and not is_reserved(name):
            help_ = f'write `headers: {{ "{one.name}": "..." }}`'
            span = self._bound.action.block.header
            self._missing(one, span, help_, header_fix(self._bound, one.name))

    def _missing(self, one: Parameter, span: Span, help_: str, fix: Fix | None) -> None:
        self._sink.error(
            "FQL421", f"{_WORDS[one.where]} `{one.name}` is missing, but the contract requires it",
            span, label=f"`{one.name}` is missing",
            labels=(one.place.label("required"),) if one.place.file else (),
            help=(help_,), fix=fix,
        )  # fmt: skip

    def _parameter_value(self, one: Parameter, e: Expr, near: Span) -> None:
        """One finding a parameter is enough: each is about all of its text."""
        if one.schema is None or poisoned(e) or one.schema.types == _OBJECT:
            return
        value = Sending(self._bound.program.project, form=True).of(e)
        judged = Judge(form=True).judge(value, one.schema)
        for found in judged.findings[:1]:
            span = near if e.at is None else Span(near.path, *e.at)
            place = found.place if found.place.file else one.place
            report = self._sink.warning if found.warning else self._sink.error
            report(
                "FQL421", f"{_WORDS[one.where]} `{one.name}` {found.says}", span,
                label=found.label, labels=(place.label(found.there),) if place.file else (),
                help=found.help,
            )  # fmt: skip


def _headers(bound: Bound) -> Mapping[str, tuple[Expr | None, Span]]:
    """The headers that are sent by their names in lower case; None for a value of ours."""
    found: dict[str, tuple[Expr | None, Span]] = {}
    here = bound.action.block.header
    for key, given in bound.settings.items():
        if key.startswith("headers.") and isinstance(given.value, HeaderGiven):
            if not given.value.removed:
                found[key.removeprefix("headers.")] = (given.value.value, given.span or here)
        elif key in ("auth.header", "signing.header", "signing.timestamp_header"):
            name = given.value.value if isinstance(given.value, Constant) else None
            if isinstance(name, str):
                found[name.lower()] = (None, here)
    return found
