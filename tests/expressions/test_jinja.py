"""The texts of the language are those that Jinja2 gives, where both have the feature."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from fql.expressions.compile import compile_text
from fql.plan.language import expressions as x
from fql.plan.language import types as t
from fql.plan.show import show
from tests.expressions.build import call, const, field, op, scope, text

ROW: dict[str, Any] = {
    "name": "Ann <b> é", "n": 5, "total": Decimal("12.50"), "vip": True, "note": None,
    "tags": ["a", "b"], "empty": [],
}  # fmt: skip

NAME, N, VIP = field("name"), field("n", t.INT), field("vip", t.BOOLEAN)
TAG = x.Variable(type=t.STRING, name="tag")
TAGS = field("tags", t.list_of(t.STRING))
EMPTY = field("empty", t.list_of(t.STRING))


def hole(e: x.Expr) -> x.Hole:
    """A value in the text."""
    return x.Hole(e)


CASES: list[tuple[str, x.Text]] = [
    ("Hello {{ name }}, {{ n }} of {{ total }}",
     text("Hello ", hole(NAME), ", ", hole(N), " of ", hole(field("total", t.DECIMAL)))),
    ("{{ name | upper }}{{ name|lower }}",
     text(hole(call("upper", NAME)), hole(call("lower", NAME)))),
    ("{{ '  x ' | trim }}", text(hole(call("trim", const("  x "))))),
    ("{{ name | replace('n', '--') }}", text(hole(call("replace", NAME, "n", "--")))),
    ("{{ name | urlencode }}", text(hole(call("urlencode", NAME)))),
    ("{{ name | length }} {{ tags | length }}",
     text(hole(call("length", NAME, type_=t.INT)), " ", hole(call("length", TAGS, type_=t.INT)))),
    ("{{ tags | join(', ') }}", text(hole(call("join", TAGS, ", ")))),
    ("{% if vip %}yes{% else %}no{% endif %}", text(x.Choice(((VIP, ("yes",)),), ("no",)))),
    ("{% if n > 9 %}many{% elif n > 3 %}some{% endif %}",
     text(x.Choice(((op("gt", N, const(9, t.INT)), ("many",)),
                    (op("gt", N, const(3, t.INT)), ("some",)))))),
    ("{% for tag in tags %}[{{ tag }}]{% endfor %}",
     text(x.Loop("tag", TAGS, ("[", hole(TAG), "]")))),
    ("{% for tag in empty %}x{% else %}nothing{% endfor %}",
     text(x.Loop("tag", EMPTY, ("x",), ("nothing",)))),
    ("{% if 'a' in tags and not n == 4 %}ok{% endif %}",
     text(x.Choice(((op("and", op("in", const("a"), TAGS),
                        x.Unary(type=t.BOOLEAN, op="not", of=op("eq", N, const(4, t.INT)))),
                     ("ok",)),)))),
]  # fmt: skip


@pytest.mark.parametrize(("template", "lowered"), CASES, ids=[source for source, _ in CASES])
def test_same_text_as_jinja(template: str, lowered: x.Text) -> None:
    """The lowered text gives what the sandbox renders from the template."""
    expected = ImmutableSandboxedEnvironment(autoescape=False).from_string(template).render(ROW)
    assert compile_text(lowered, {})(scope(ROW)) == expected


def test_plain_holes_are_shown_as_jinja_reads_them() -> None:
    """What `show` prints of a template with names only is the same template."""
    lowered = CASES[0][1]
    source = show(lowered).strip('"')
    environment = ImmutableSandboxedEnvironment(autoescape=False)
    assert environment.from_string(source).render(ROW) == compile_text(lowered, {})(scope(ROW))


@pytest.mark.parametrize(
    ("e", "form"),
    [
        (VIP, "true"),
        (const(1e22, t.FLOAT), "1e+22"),
        (const(Decimal("1E+3"), t.DECIMAL), "1000"),
        (const(10**5000, t.INT), "1" + "0" * 5000),
        (field("vip", t.JSON), "true"),
    ],
)
def test_text_forms_of_our_own(e: x.Expr, form: str) -> None:
    """Where Python's form would show, the form of the language stands: `true`, plain decimals."""
    assert compile_text(text(x.Hole(e)), {})(scope(ROW)) == form
