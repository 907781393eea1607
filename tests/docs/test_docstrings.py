"""The docstrings of the public names of Python say what each argument is and what is raised."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator

import pytest

from fql.errors import FqlError
from tests.docs.api_page import MODULES, names_of

Found = tuple[str, Callable[..., object], str]
"""A public function, and the docstrings in which its arguments may be named."""

PLAIN = {"self", "cls", "args", "kwargs", "_"}


def functions() -> Iterator[Found]:
    """The functions and methods of the public names, with their docstrings."""
    for module in MODULES:
        found = importlib.import_module(module)
        for name in names_of(found):
            value = getattr(found, name)
            if inspect.isclass(value):
                yield from _methods(f"{module}.{name}", value)
            elif inspect.isroutine(value):
                yield f"{module}.{name}", value, value.__doc__ or ""


def _methods(name: str, owner: type) -> Iterator[Found]:
    for key, member in vars(owner).items():
        if not inspect.isfunction(member) or member.__code__.co_filename.startswith("<"):
            continue  # no function, or one that `dataclass` made
        elsewhere = key != "__init__" or re.search(r"See `open_client`|Made by", str(owner.__doc__))
        if not key.startswith("_") or not elsewhere:
            yield f"{name}.{key}", member, f"{owner.__doc__} {member.__doc__}"


def _with_others(words: str) -> str:
    """A docstring, with the one that it refers to: "See `fql.Client.emit`"."""
    for module, path in re.findall(r"See\s+`(fql(?:\.outbox)?)\.([\w.]+)`", words):
        found: object = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
        words += found.__doc__ or ""
    return words


FUNCTIONS = {name: (function, _with_others(words)) for name, function, words in functions()}


def _key(parameter: inspect.Parameter) -> str:
    """What must be named: the argument, or the table of words that stands for many."""
    many = re.search(r"Unpack\[(\w+)\]", str(parameter.annotation))
    return many[1] if many else parameter.name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_argument_is_named(name: str) -> None:
    function, words = FUNCTIONS[name]
    named = inspect.signature(function).parameters
    keys = [_key(parameter) for parameter in named.values()]
    missing = [key for key in keys if key not in PLAIN and not re.search(rf"\b{key}\b", words)]
    assert missing == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_error_that_is_raised_is_named(name: str) -> None:
    function, words = FUNCTIONS[name]
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    raised = {
        node.exc.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
    }  # fmt: skip
    ours = {"FqlError", *(error.__name__ for error in _below(FqlError))}
    assert {error for error in raised & ours if error not in words} == set()


def _below(kind: type[FqlError]) -> Iterator[type[FqlError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


TIMES = {"timeout", "tolerance", "now", "timestamp", "until", "pace", "delay"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_number_of_time_has_its_unit(name: str) -> None:
    function, words = FUNCTIONS[name]
    numbers = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if re.search(r"\b(?:int|float)\b", str(parameter.annotation))
    ]
    assert not TIMES.intersection(numbers) or re.search(r"\b(?:milli)?seconds?\b", words)
