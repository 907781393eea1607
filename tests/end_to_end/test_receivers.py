"""Each recipe of the page about receivers, sent over a socket to a fake that is as strict as the
real receiver; and bodies of each format with hostile values, read back by real parsers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fql.events.model import Row
from fql.expressions.formats import compile_format
from fql.expressions.scope import Scope
from fql.plan.language import expressions as x
from fql.plan.language import types as t
from fql.plan.table import TypeTable
from fql.plan.web.formats import xml_problem
from fql.testing import MockWebhookServer
from tests.docs.test_docs import PROGRAM, ROOT
from tests.end_to_end import receivers
from tests.end_to_end.security import running

PAGE = (ROOT / "docs/how-to/receivers.md").read_text(encoding="utf-8")
NASTY = "\" ' < > & = ; % + \\ ]]> --> {{ x }} \r\n\t é 日 😀"


@dataclass(frozen=True)
class Recipe:
    """A program of the page by its title, an event with hostile values, and who takes it."""

    title: str
    answer: receivers.Answer
    event: str
    row: Row
    sent: int = 1


RECIPES = [
    Recipe("An SMS, sent as a form", receivers.sms, "Message.insert",
           {"id": 1, "phone": "+49&To=x", "name": NASTY, "media": ["a&b=c", "d"]}),
    Recipe("XML", receivers.carrier, "Parcel.insert",
           {"id": 1, "to": NASTY, "gift": True,
            "items": [{"sku": NASTY, "quantity": 2}, {"sku": "\x00\x1b", "quantity": 1}]}),
    Recipe("Nothing but the url", receivers.cache, "Session.delete",
           {"id": "6f1c0a52-0000-4000-8000-000000000001"}),
    Recipe("CloudEvents", receivers.cloudevents, "Order.insert",
           {"id": 7, "total": "12.50", "note": NASTY}, sent=2),
    Recipe("GraphQL", receivers.graphql, "Ticket.insert",
           {"id": 1, "title": NASTY, "urgent": True}),
    Recipe("Slack", receivers.slack, "Incident.insert",
           {"id": 1, "title": NASTY, "severity": 3, "link": None}),
    Recipe("Mail through an HTTP API", receivers.mail, "Invoice.insert",
           {"id": 1, "email": NASTY, "total": "12.5", "paid": False}),
]  # fmt: skip


def program_under(title: str) -> str:
    """The program of the section."""
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    (program,) = PROGRAM.findall(section)
    return str(program)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title)
async def test_a_recipe_is_taken_by_its_receiver(recipe: Recipe) -> None:
    text = program_under(recipe.title)
    names = set(re.findall(r"\$\{(\w+)\}", text))
    with MockWebhookServer() as server:
        server.always(recipe.answer)
        environment = {
            name: server.url if name.endswith("_URL") else f"{name.lower().replace('_', '-')}-1"
            for name in names
        }
        async with running(text, environment) as runtime:
            deleted = "delete" in recipe.event
            old, new = (recipe.row, None) if deleted else (None, recipe.row)
            receipt = await runtime.emit(recipe.event, old=old, new=new)
            await runtime.wait(receipt, 20)
            letters = await runtime.client.dead_letters()
        assert letters == [], letters
        assert server.call_count == recipe.sent


# Hostile values ------------------------------------------------------------------

TYPES = TypeTable()
values = st.text(max_size=12) | st.sampled_from([NASTY, "", "&", "=", "a=b&c=d", "]]>", "<b/>"])


def text_of(name: str) -> x.Hole:
    return x.Hole(x.Field(type=t.STRING, row="new", name=name))


def scope(**row: object) -> Scope:
    return Scope("insert", "E", row, None)


@given(values, st.lists(values, max_size=3), values)
def test_a_form_has_the_keys_that_were_written(one: str, many: list[str], key: str) -> None:
    """A strict parser reads every value back, whatever it holds, and finds no other key."""
    fields: list[x.Expr] = [
        x.Field(type=t.STRING, row="new", name="one"),
        x.Field(type=t.list_of(t.STRING), row="new", name="many"),
        x.Constant(type=t.NULL, value=None),
    ]
    names = [f"k{key}", "many", "null"]
    entries = tuple(x.Entry(*pair) for pair in zip(names, fields, strict=True))
    body = x.ObjectOf(type=t.OBJECT, entries=entries)
    sent = compile_format(body, "form", TYPES)(scope(one=one, many=many))
    expected = [(names[0], one), *(("many", value) for value in many)]
    assert receivers.form_of(sent) == expected


@given(values, values)
def test_xml_has_the_elements_that_were_written(content: str, attribute: str) -> None:
    """A parser of XML finds our elements and attributes only, and the values in them; what XML
    cannot hold is the replacement character."""
    parts = ('<a x="', text_of("attribute"), "\" y='", text_of("attribute"), "'>",
             text_of("content"), "<b/></a>")  # fmt: skip
    assert xml_problem(parts) is None
    body = x.Text(type=t.STRING, parts=parts)
    sent = compile_format(body, "xml", TYPES)(scope(content=content, attribute=attribute))
    root = ElementTree.fromstring(sent)
    assert [e.tag for e in root.iter()] == ["a", "b"]
    held = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
    assert (root.text or "") == held.sub("\ufffd", content)
    assert root.attrib == dict.fromkeys(("x", "y"), held.sub("\ufffd", attribute))


@given(values)
def test_a_text_is_sent_as_it_is(value: str) -> None:
    body = x.Text(type=t.STRING, parts=("to: ", text_of("value"), "\n"))
    sent = compile_format(body, "text", TYPES)(scope(value=value))
    assert sent.decode("utf-8") == f"to: {value.encode('utf-8', 'replace').decode()}\n"


@pytest.mark.parametrize(
    ("before", "after", "sound"),
    [
        ("<a>", "</a>", True), ("<a b='", "'/>", True), ('<a b="x', '"/>', True),
        ("<?xml version='1.0'?><a>", "</a>", True), ("<!-- <b --><a>", "</a>", True),
        ("<", "/>", False), ("<a ", "/>", False), ("<a b=", "/>", False), ("<!--", "-->", False),
        ("<![CDATA[", "]]>", False), ("<a><?p ", "?></a>", False), ("<a>", "<b ", False),
        ("<!DOCTYPE ", "><a/>", False), ("<a b='\"", "'>", True),
    ],
)  # fmt: skip
def test_where_a_value_may_be_in_xml(before: str, after: str, sound: bool) -> None:
    assert (xml_problem((before, text_of("x"), after)) is None) is sound


def test_branches_end_in_the_place_that_they_began_in() -> None:
    test = x.Constant(type=t.BOOLEAN, value=True)
    odd = x.Choice(((test, ("<b ",)),), ())
    even = x.Choice(((test, ("<b/>",)),), ())
    assert xml_problem(("<a>", odd, "</a>")) is not None
    assert xml_problem(("<a>", even, "</a>")) is None
    assert xml_problem(("<a>", x.Loop("i", test, ("<b ",)), "</a>")) is not None
