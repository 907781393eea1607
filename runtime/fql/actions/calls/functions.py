"""The functions that an application gives for `call`, and whether a plan can call them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from fql.actions.calls.kind import ActionKind, KindNode, installed, misfits
from fql.errors import SettingsError
from fql.near import did_you_mean
from fql.plan.kinds import CALL, arguments_of, function_of
from fql.plan.language.expressions import ObjectOf
from fql.plan.language.nodes import load_expression
from fql.plan.model import Plan, PlanNode
from fql.plan.verifying.messages import FUNCTION

Function = Callable[..., object]
"""Takes arguments by name; what it returns, or what that gives when it is awaited, is the answer.
"""

DELIVERY = "delivery"
"""The parameter through which a function asks for its `Delivery`."""

_GIVE = 'give them with `Runtime(calls={"name": function})`, or in fql.toml: `[project] calls`'


@dataclass(frozen=True, slots=True)
class Callee:
    """A function, and whether it has asked for its delivery."""

    function: Function
    wants_delivery: bool


class Functions:
    """The functions of one application by name. Raises SettingsError for what cannot be one."""

    def __init__(self, given: Mapping[str, Function | ActionKind]) -> None:
        for name, function in given.items():
            if not isinstance(name, str) or not FUNCTION.fullmatch(name):
                raise SettingsError(
                    f"calls: {name!r} is not a name for a function",
                    hint="it has small letters, digits, `_` and `.`, such as `stock.reserve`",
                )
            if not callable(function) and not isinstance(function, ActionKind):
                raise SettingsError(f"calls: {name} is not a function, but {function!r}")
        self._given = dict(given)

    def callee(self, node: PlanNode) -> Callee | ActionKind:
        """The function of a `call` of a plan that was checked by `require`, or its kind."""
        function = self._given[function_of(node.config)]
        if isinstance(function, ActionKind):
            return function
        asks = DELIVERY in _parameters(function) and DELIVERY not in _names(node)
        return Callee(function, asks)

    def require(self, plan: Plan) -> None:
        """Raises SettingsError with every function that a plan calls and that is neither here nor
        a kind that a package brings, and every argument that does not fit."""
        missing = dict(self._missing(plan))
        if missing:
            listed = ", ".join(f"{name} (for {user})" for name, user in missing.items())
            meant = did_you_mean(next(iter(missing)), sorted(self._given))
            raise SettingsError(
                f"the plan calls functions that were not given: {listed}", hint=meant or _GIVE
            )
        problems = [p for user, node in _calls(plan) for p in self._misfits(user, node)]
        if problems:
            raise SettingsError(
                f"functions do not take what the plan calls them with: {'; '.join(problems)}",
                hint="change the function, or `arguments` in the .fql file",
            )

    def _missing(self, plan: Plan) -> Iterator[tuple[str, str]]:
        for user, node in _calls(plan):
            name = function_of(node.config)
            if name not in self._given and (kind := installed(name)) is not None:
                self._given[name] = kind
            if name not in self._given:
                yield name, user

    def _misfits(self, user: str, node: PlanNode) -> Iterator[str]:
        name, given = function_of(node.config), _names(node)
        function = self._given[name]
        if isinstance(function, ActionKind):
            yield from misfits(function, user, KindNode(node.name, dict.fromkeys(given)))
            return
        parameters = _parameters(function)
        kinds = {one.kind for one in parameters.values()}
        if not parameters and _is_unreadable(function):
            return
        for argument in given:
            parameter = parameters.get(argument)
            by_name = parameter is not None and parameter.kind in _BY_NAME
            if not by_name and inspect.Parameter.VAR_KEYWORD not in kinds:
                yield f"{name} has no parameter {argument} ({user})"
        for parameter in parameters.values():
            needed = parameter.kind not in _COLLECTING and parameter.default is parameter.empty
            if needed and parameter.name not in (*given, DELIVERY):
                yield f"{name} needs {parameter.name}, which {user} does not give"


_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_COLLECTING = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _parameters(function: Function) -> Mapping[str, inspect.Parameter]:
    """The parameters of a function; none where it does not tell, as some written in C."""
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}


def _is_unreadable(function: Function) -> bool:
    try:
        inspect.signature(function)
    except (TypeError, ValueError):
        return True
    return False


def _calls(plan: Plan) -> Iterator[tuple[str, PlanNode]]:
    for observer in plan.observers:
        for node in observer.nodes:
            if node.kind == CALL:
                yield f"action {observer.name}.{node.name}", node


def _names(node: PlanNode) -> tuple[str, ...]:
    """The names of the arguments of a call."""
    stored = arguments_of(node.config)
    arguments = None if stored is None else load_expression(stored)
    if not isinstance(arguments, ObjectOf):
        return ()
    return tuple(str(entry.key) for entry in arguments.entries)
