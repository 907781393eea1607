"""Reading where an action goes, by its kind: a receiver, a subject, or a function."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass

from fql.plan.language import expressions as x
from fql.plan.language.types import OBJECT
from fql.plan.web.formats import FORMATS, Format
from fqlc.checks.model import Target
from fqlc.checks.reading.entries import Found, action_kind, meant_keys
from fqlc.checks.reading.settings import report_unknown
from fqlc.checks.reading.tools import Tools
from fqlc.checks.table.blocks import CALL, PUBLISH, WEBHOOK
from fqlc.diagnostics.model import Label
from fqlc.syntax.tree import ast
from fqlc.types.infer import check_body
from fqlc.types.scope import ExprScope

FUNCTION = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z0-9_]+)*")
"""The name of a function, as the application gives it."""


def target_of(
    tools: Tools, block: ast.Block, found: Mapping[str, Found], scope: ExprScope
) -> Target:
    """Where the action of a block goes. `scope` is that of its texts."""
    kind = action_kind(block)
    accepts = tools.accepts(found.get("accepts"))
    if kind is PUBLISH:
        return Target(subject=tools.text(found.get("subject"), scope, "path"), accepts=accepts)
    if kind is CALL:
        return Target(function=_function(tools, found.get("function")), accepts=accepts)
    return _Receiver(tools, block, found).read(scope)


@dataclass(frozen=True, slots=True)
class _Receiver:
    """The receiver of one webhook."""

    tools: Tools
    block: ast.Block
    found: Mapping[str, Found]

    def read(self, scope: ExprScope) -> Target:
        """Reports FQL202, 205 and 206."""
        tools, found = self.tools, self.found
        self._one_target()
        endpoint = self._endpoint(found.get("endpoint"))
        url = tools.text(found.get("url"), scope, "url")
        path = tools.text(found.get("path"), scope, "path")
        method = tools.value(found.get("method"))
        written = tools.value(found.get("format"))
        form: Format = next((one for one in FORMATS if one == written), "json")
        method = method if isinstance(method, str) else "POST"
        return Target(endpoint, url, path, method, form)

    def _one_target(self) -> None:
        url, endpoint, path = (self.found.get(k) for k in ("url", "endpoint", "path"))
        sink = self.tools.sink
        written = [(e.key, e.value) for e in self.block.entries]
        meant = meant_keys(written, WEBHOOK.keys) & {"url", "endpoint"}
        if url is None and endpoint is None and self.block.sound and not meant:
            sink.error(
                "FQL205", "this `webhook` needs a `url` or an `endpoint`", self.block.header,
                label="no receiver",
                help=('write `url: "https://..."`, or name an `endpoint` block',),
            )  # fmt: skip
        if url is not None and endpoint is not None:
            sink.error(
                "FQL206", "a webhook has a `url` or an `endpoint`, not both", url.name.span,
                label="this `url`",
                labels=(Label(endpoint.name.span, "and this `endpoint`"),),
                help=("with an `endpoint`, give the rest of the url as `path`",),
            )  # fmt: skip
        if path is not None and endpoint is None and url is not None:
            sink.error(
                "FQL206", "`path` goes with an `endpoint`, not with a `url`", path.name.span,
                label="without an endpoint",
                help=("write the path at the end of the url",),
            )  # fmt: skip

    def _endpoint(self, found: Found | None) -> str | None:
        if found is None:
            return None
        if not isinstance(found.value, ast.NameUse):
            if not isinstance(found.value, ast.ErrorExpression):
                self.tools.values().wrong(found.key, found.value)
            return None
        name, project = found.value.text, self.tools.project
        if name in project.endpoints:
            project.uses.mark("endpoint", name, found.value.span)
            return name
        if not project.unreadable(name):
            known = list(project.endpoints)
            close = report_unknown("endpoint", found.value, name, known, self.tools.sink)
            project.uses.mark("endpoint", close, found.value.span)
            return close or None
        return None


def _function(tools: Tools, found: Found | None) -> str:
    """The name of a function, with or without quotes; empty where it is not one."""
    if found is None or isinstance(found.value, ast.ErrorExpression):
        return ""
    name = _dotted(found.value)
    if name is None:
        tools.values().wrong(found.key, found.value, "write `function: reserve_stock`")
        return ""
    if FUNCTION.fullmatch(name):
        return name
    tools.sink.error(
        "FQL206", f"`{name[:80]}` is not the name of a function", found.value.span,
        label="not such a name",
        help=("it has small letters, digits, `_` and `.`, and begins with a letter or `_`",
              "the application gives functions by name: `calls={\"reserve_stock\": reserve}`"),
    )  # fmt: skip
    return ""


def _dotted(value: ast.Expr) -> str | None:
    """`a`, `a.b` or `"a.b"` as a text; None for anything else."""
    if isinstance(value, ast.StringLiteral):
        return None if value.is_template or value.environment else value.value
    if isinstance(value, ast.NameUse):
        return value.text
    if isinstance(value, ast.MemberAccess) and not value.optional:
        before = _dotted(value.of) if not isinstance(value.of, ast.StringLiteral) else None
        return None if before is None else f"{before}.{value.name.text}"
    return None


def arguments_of(tools: Tools, found: Found | None, scope: ExprScope) -> x.Expr:
    """The arguments of a call as an object, without any an empty one."""
    if found is None:
        return x.ObjectOf(type=OBJECT, entries=())
    if not isinstance(found.value, ast.ObjectLiteral):
        if not isinstance(found.value, ast.ErrorExpression):
            tools.values().wrong(found.key, found.value, "write `arguments: { order_id: id }`")
        return x.ObjectOf(type=OBJECT, entries=())
    for entry in found.value.entries:
        _argument_name(tools, entry)
    return check_body(found.value, scope, tools.sink)


def _argument_name(tools: Tools, entry: ast.ObjectEntry) -> None:
    """A function takes its arguments by name, so each has one, and one that Python can have."""
    if entry.key is None:
        tools.sink.error(
            "FQL206", "arguments cannot be spread: a function takes them by name", entry.span,
            label="without a name", help=("write each as `name: value`",),
        )  # fmt: skip
    elif not entry.key.text.isidentifier() or keyword.iskeyword(entry.key.text):
        tools.sink.error(
            "FQL206", f"no function has an argument of the name `{entry.key.text[:80]}`",
            entry.key.span, label="not a name of Python",
        )  # fmt: skip
