"""Templates, with everything foreign escaped, and answers made from them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from fql.ui import words

FILES = "files"
STATIC = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
}


class Templates:
    """Those of this package, read once."""

    def __init__(self) -> None:
        self._environment = _environment()

    def page(self, name: str, values: Mapping[str, object]) -> str:
        """A whole page."""
        return self._environment.get_template(name).render(values)


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
        "size": words.size, "json": words.shown_json,
    }  # fmt: skip
    return made


def text_of(name: str) -> str:
    """A file of the page: a template, its style, its script."""
    return (resources.files("fql.ui") / FILES / name).read_text("utf-8")
