"""`fqlc graph`: draw observers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fql.errors import UsageError
from fql.terminal.harmless import harmless_json
from fql.terminal.lines import on_terminal, raw, say
from fql.terminal.options import by_environment, format_option
from fqlc.cli.inputs import source_options, stdin_option
from fqlc.cli.plans import plan_and_round, plan_of
from fqlc.cli.shared.opening import open_page, page_file
from fqlc.cli.shared.watching import Round, watch_option
from fqlc.cli.shared.watching import watch as watched
from fqlc.cli.shared.writing import write_whole
from fqlc.emit.picture import Picture, picture_of, reduced
from fqlc.project.errors import SurroundingsError

if TYPE_CHECKING:
    from fql.plan.model import Plan

FORMATS = ("svg", "png", "pdf", "dot", "mermaid", "json", "html")
_BINARY = ("png", "pdf")
_ENDINGS = {".svg": "svg", ".png": "png", ".pdf": "pdf", ".dot": "dot", ".gv": "dot",
            ".mmd": "mermaid", ".mermaid": "mermaid", ".json": "json",
            ".html": "html", ".htm": "html"}  # fmt: skip


@click.command(epilog="\b\nExamples:\n  fqlc graph -o shop.svg shop.fql\n"
               "  fqlc graph --open .\n"
               "  fqlc graph --format mermaid --observer order_shipped plan.json")  # fmt: skip
@click.argument("paths", nargs=-1, metavar="[FILE|FOLDER|PLAN]... | -")
@click.option("-o", "--output", metavar="FILE", help="Where to write; by default standard output.")
@format_option(FORMATS, default=None, text="By default chosen from the name of FILE, or dot.")
@click.option("--observer", multiple=True, metavar="NAME", help="Only this observer; repeatable.")
@click.option("--reduced", "less", is_flag=True, help="Leave out edges that others imply.")
@click.option("--open", "opens", is_flag=True,
              help="Show the page in a browser; without a display, print where it is.")  # fmt: skip
@watch_option
@stdin_option
@source_options
@click.pass_context
def graph(
    ctx: click.Context,
    paths: tuple[str, ...],
    output: str | None,
    form: str | None,
    observer: tuple[str, ...],
    *,
    less: bool,
    opens: bool,
    watch: bool,
    settings: str | None,
) -> None:
    """Draw the observers of sources or a plan.

    svg, png and html need no other program; pdf needs `dot` of Graphviz. The html page holds
    everything itself: the picture, and the details of what is clicked on.
    """
    if watch and output is None:
        raise click.UsageError("--watch needs -o FILE", ctx)
    output = output or (page_file() if opens else None)
    named = output is not None and by_environment(ctx, "form")
    chosen = _by_ending(output) if form is None or named else form
    if output is None and chosen in _BINARY and on_terminal(err=False):
        raise click.UsageError(f"{chosen} cannot be shown on a terminal: name a file with -o")
    drawing = Drawing(observer, less, chosen)

    def once() -> Round:
        plan, found = plan_and_round(paths, settings, again=True)
        if plan is not None:
            _put_out(drawing.of(plan), output)
        return found

    if watch:
        watched(paths, settings, once)
    _put_out(drawing.of(plan_of(paths, settings)), output)
    if opens and output is not None:
        open_page(output)


def _put_out(picture: bytes, output: str | None) -> None:
    if output is None:
        raw(picture)
        return
    write_whole(output, picture)
    say(f"wrote {output}")


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn of a plan, and in which format."""

    observers: tuple[str, ...]
    reduced: bool
    form: str

    def of(self, plan: Plan) -> bytes:
        """The picture of a plan. Raises UsageError for an observer that it does not have."""
        _known(self.observers, [o.name for o in plan.observers])
        drawn = picture_of(plan, self.observers)
        return rendered(reduced(drawn) if self.reduced else drawn, self.form)


def _by_ending(output: str | None) -> str:
    if output is None:
        return "dot"
    found = _ENDINGS.get(Path(output).suffix.lower())
    if found is None:
        raise click.UsageError(
            f"the format of {output} cannot be told from its name: give it with --format"
        )
    return found


def _known(wanted: tuple[str, ...], names: list[str]) -> None:
    from fql.near import did_you_mean

    for name in wanted:
        if name not in names:
            hint = did_you_mean(name, names) or "see `fqlc list`"
            raise UsageError(f"there is no observer `{name}`", hint=hint)


def rendered(picture: Picture, form: str) -> bytes:
    """The picture in a format. Raises SurroundingsError where no program can draw it."""
    if form == "json":
        from fqlc.emit.graph_json import graph_json

        return harmless_json(graph_json(picture)).encode()
    if form == "mermaid":
        from fqlc.emit.mermaid import mermaid_source

        return mermaid_source(picture).encode()
    from fqlc.emit.dot import dot_source

    source = dot_source(picture)
    if form == "dot":
        return source.encode()
    from fqlc.emit.draw import DrawingFailed, draw

    try:
        if form == "html":
            from fqlc.emit.page import html_page

            return harmless_json(html_page(picture, draw(source, "svg").decode())).encode()
        return draw(source, form)
    except DrawingFailed as error:
        raise SurroundingsError(str(error), "use svg, html, dot or mermaid") from None
