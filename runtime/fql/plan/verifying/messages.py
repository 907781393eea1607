"""What `publish` and `call` send: subjects, headers of messages, names of functions, arguments."""

from __future__ import annotations

import keyword
import re
from dataclasses import replace

from fql.plan.kinds import arguments_of, function_of, subject_of
from fql.plan.language import expressions as x
from fql.plan.model import NodeConfig
from fql.plan.verifying.expressions import Scope, loaded, type_of
from fql.plan.verifying.refusal import Refused, short, within
from fql.plan.verifying.requests import text_parts, verify_headers, verify_json_body
from fql.plan.web.subjects import header_name_problem, template_problem

FUNCTION = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z0-9_]+)*")
"""The name of a function, as the application gives it."""

_HTTP = ("endpoint", "url", "path")


def verify_publish(config: NodeConfig, scope: Scope) -> None:
    """The message of a `publish`. `scope` is that of its body."""
    _only(config, ("subject",))
    if config.response is not None:
        raise Refused("a publish has no `response`")
    subject = subject_of(config)
    if subject is None:
        raise Refused("it has no `subject`")
    with within("subject"):
        problem = template_problem(text_parts(subject, scope))
        if problem is not None:
            raise Refused(problem)
    verify_headers(config.headers, scope, header_name_problem)
    if config.body is not None:
        verify_json_body(config.body, replace(scope, environment=None))


def verify_call(config: NodeConfig, scope: Scope) -> None:
    """The function of a `call` and its arguments. `scope` is that of the arguments."""
    _only(config, ("function", "arguments"))
    if config.headers or config.body is not None:
        raise Refused("a call has neither `headers` nor a `body`")
    if not FUNCTION.fullmatch(function_of(config)):
        raise Refused(f"{short(function_of(config))} is not the name of a function")
    stored = arguments_of(config)
    if stored is not None:
        with within("arguments"):
            _verify_arguments(loaded(stored))
            type_of(loaded(stored), replace(scope, environment=None))
    if config.response is not None:
        with within("response"):
            scope.known.type_of(config.response)


def _only(config: NodeConfig, settings: tuple[str, ...]) -> None:
    for key in _HTTP:
        if getattr(config, key) is not None:
            raise Refused(f"`{key}` belongs to a webhook")
    for name in config.settings:
        if name not in settings:
            raise Refused(f"there is no setting {short(name)}")


def _verify_arguments(arguments: x.Expr) -> None:
    if not isinstance(arguments, x.ObjectOf):
        raise Refused("they are not an object")
    for entry in arguments.entries:
        name = entry.key
        if name is None or not name.isidentifier() or keyword.iskeyword(name):
            raise Refused(f"{short(name)} is not the name of an argument")
