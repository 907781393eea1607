"""`fqlc list`: observers and their actions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from fql.exact.writing import json_text
from fql.plan.harmless import harmless_json, harmless_styled
from fqlc.cli.inputs import cache_option
from fqlc.cli.plans import plan_data
from fqlc.emit.picture import condition_text, target_text


@click.command("list", epilog="\b\nExamples:\n  fqlc list .\n  fqlc list --format json plan.json")
@click.argument("paths", nargs=-1, metavar="[FILE|FOLDER|PLAN]...")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text",
              help="For people, or one object a line.")  # fmt: skip
@click.option("--settings", metavar="FILE", help="Settings file instead of fql.toml.")
@cache_option
def list_(paths: tuple[str, ...], form: str, settings: str | None) -> None:
    """List the observers of sources or a plan, with their actions."""
    plan = plan_data(paths, settings)
    for observer in plan["observers"]:
        if form == "json":
            click.echo(harmless_json(json_text(_entry(observer))))
        else:
            for line in _lines(observer):
                click.echo(harmless_styled(line))
    if form == "text" and not plan["observers"]:
        click.echo("there are no observers", err=True)


def _entry(observer: Mapping[str, Any]) -> dict[str, object]:
    span = observer["span"]
    return {
        "name": observer["name"],
        "doc": observer["doc"],
        "on": [f"{t['entity']}.{t['event']}" for t in observer["on"]],
        "when": condition_text(observer["when"]) or None,
        "file": span["file"],
        "line": span["line"],
        "actions": [
            {
                "name": n["name"],
                "kind": n["kind"],
                "target": target_text(n["config"]),
                "when": condition_text(n["when"]) or None,
            }
            for n in observer["nodes"]
        ],
    }


def _lines(observer: Mapping[str, Any]) -> Iterator[str]:
    entry = _entry(observer)
    on = ", ".join(f"{t['entity']}.{t['event']}" for t in observer["on"])
    name = click.style(observer["name"], bold=True)
    yield f"{name}  {on}  {entry['file']}:{entry['line']}"
    if observer["doc"]:
        yield f"  {observer['doc'].splitlines()[0]}"
    if entry["when"]:
        yield f"  when {entry['when']}"
    for node in observer["nodes"]:
        when = condition_text(node["when"])
        yield f"  - {node['name']}: {target_text(node['config'])}" + (
            f"  when {when}" if when else ""
        )
