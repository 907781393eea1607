"""Templates, with everything foreign escaped, and answers made from them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from fql.store.shown import as_far
from fql.ui.filters import endpoint_link
from fql.ui.present import words

FILES = "files"
STATIC = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
}
LAYOUT = "layout.html"
"""What is around each page, and its parts in all of them."""
PART = "part_"
"""How a block of a template is called that is exchanged while the page is open."""


class Templates:
    """Those of this package, read once."""

    def __init__(self) -> None:
        self._environment = _environment()

    def page(self, name: str, values: Mapping[str, object]) -> str:
        """A whole page."""
        return self._environment.get_template(name).render(values)

    def parts(self, name: str, wanted: Sequence[str], values: Mapping[str, object]) -> str:
        """Some parts of a page, each in an element that says which one it is."""
        template = self._environment.get_template(name)
        context = template.new_context(dict(values))
        blocks = self._environment.get_template(LAYOUT).blocks | template.blocks
        found = {one: blocks.get(PART + one) for one in wanted}
        return "\n".join(
            f'<div data-part="{part}">{"".join(block(context))}</div>'
            for part, block in found.items()
            if block is not None
        )

    def parts_of(self, name: str) -> list[str]:
        """The names of the parts that a page has."""
        get = self._environment.get_template
        blocks = get(LAYOUT).blocks | get(name).blocks
        return [one.removeprefix(PART) for one in blocks if one.startswith(PART)]


def _environment() -> Environment:
    """Every value that is put out is made harmless and escaped, without anybody having to ask for
    it; the only way around is `Markup`, which nothing here makes but macros of ours."""
    made = Environment(
        loader=FunctionLoader(text_of),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: value if isinstance(value, Markup) else words.seen(value),
    )
    made.filters |= {
        "exact": words.exact, "duration": words.duration, "number": words.number,
        "as_far": as_far,
        "size": words.size, "spoken": words.spoken, "badge": words.badge, "clock": words.clock,
        "rate": words.rate, "percent": words.percent, "took": words.took,
        "endpoint": endpoint_link, "json": words.shown_json,
    }  # fmt: skip
    made.globals["fresh"] = lambda: uuid.uuid4().hex
    made.globals["m"] = made.get_template("macros.html").module
    return made


def text_of(name: str) -> str:
    """A file of the page: a template, its style, its script."""
    return (resources.files("fql.ui") / FILES / name).read_text("utf-8")
