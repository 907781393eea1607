"""What templates refuse, in words: constructs they do not have, and what Jinja's parser says."""

from __future__ import annotations

import re

from jinja2 import TemplateSyntaxError, nodes

from fql.plan.language.functions import overloads

_NAMES = {
    "Add": "arithmetic", "Sub": "arithmetic", "Mul": "arithmetic", "Div": "arithmetic",
    "FloorDiv": "arithmetic", "Mod": "arithmetic", "Pow": "arithmetic", "Neg": "arithmetic",
    "Concat": "`~`", "CondExpr": "`x if y else z`", "Test": "tests with `is`",
    "Getitem": "square brackets", "Call": "calls", "Macro": "`macro`", "Assign": "`set`",
    "AssignBlock": "`set`", "Include": "`include`", "Import": "`import`",
    "FromImport": "`import`", "Extends": "`extends`", "Block": "`block`",
    "FilterBlock": "`filter`", "With": "`with`", "CallBlock": "`call`",
    "Dict": "objects", "Tuple": "tuples", "ScopedEvalContextModifier": "`autoescape`",
}  # fmt: skip
_WORDS_OF_JINJA = (
    ("end of print statement", "}}"), ("end of statement block", "%}"), ("token ", ""),
    ("Encountered unknown", "unknown"),
)  # fmt: skip
_NOT_CLOSED = re.compile(r"innermost block that needs to be closed is '(\w+)'")


class Refused(Exception):
    """A construct that templates do not have, at an offset of the text."""

    def __init__(self, message: str, offset: int, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.offset, self.hint = message, offset, hint


def sentence(problem: TemplateSyntaxError) -> str:
    """What Jinja complains of, in the words of the language."""
    reason = (problem.message or "").rstrip(".").split(" at ")[0]
    for theirs, ours in _WORDS_OF_JINJA:
        reason = reason.replace(theirs, ours)
    if not_closed := _NOT_CLOSED.search(reason):
        return f"the template cannot be read: `{{% {not_closed[1]} %}}` is not closed"
    return f"the template cannot be read: {reason[:1].lower()}{reason[1:]}"


def hint_on_syntax(problem: TemplateSyntaxError, rest: str) -> str:
    """What to write where Jinja stopped before `rest`; nothing where it is not known."""
    if rest.startswith("if") and "expected" in (problem.message or ""):
        return "write `elif` for `else if`"
    if rest.startswith("??"):
        return "give the text for null with a filter: `{{ note | default('none') }}`"
    return ""


def inside_tag(offset: int) -> Refused:
    """The refusal of a reference to the environment inside a tag."""
    return Refused("a `${NAME}` cannot be used inside a tag", offset, "put it beside the tag")


def construct(node: nodes.Node) -> str:
    """What a construct of Jinja is called in a message."""
    kind = type(node).__name__
    return _NAMES.get(kind, f"`{kind.lower()}`")


def hint_for(node: nodes.Node) -> str:
    """What to write in its place; nothing where there is no such thing."""
    match node:
        case nodes.CondExpr():
            return "write `{% if y %}x{% else %}z{% endif %}`"
        case nodes.Test():
            return "compare with `== none` or `!= none`"
        case nodes.Call(node=nodes.Getattr(attr=attr)):
            if overloads(attr, "filter"):
                return f"write it as a filter: `| {attr}`"
            return "compute it outside the template: in the body, or as a computed field"
        case nodes.Getitem():
            return "declare a `type` and read its field by `.name`"
    return ""
