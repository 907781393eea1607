"""What is exported: one document for a whole plan, or one for each endpoint. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count

from fql.exact.writing import canonical_json, pretty_json
from fql.plan.model import Plan
from fqlc.exporting.actions import Action, actions_of, receiver_of
from fqlc.exporting.json_schema import json_schema
from fqlc.exporting.openapi import openapi
from fqlc.exporting.schemas import Schema
from fqlc.exporting.wanted import Example, Wanted

FORMS: Mapping[str, Callable[[Wanted], Schema]] = {"openapi": openapi, "jsonschema": json_schema}
"""What writes each form of document."""

ENDINGS = {"openapi": ".openapi.json", "jsonschema": ".schema.json"}
"""How the files of each form end, in a folder."""


@dataclass(frozen=True, slots=True)
class Options:
    """How documents are made. `version` is `[project] version`, empty where none is given;
    `examples` are bodies by `observer.action`."""

    form: str
    project: str = "main"
    version: str = ""
    closed: bool = False
    examples: Mapping[str, Sequence[Example]] = field(default_factory=dict)


def endpoints_of(plan: Plan, form: str) -> dict[str, list[Action]]:
    """The actions that a form describes, by the name of their endpoint, sorted by that. Of a url
    of its own the origin is the name."""
    found: dict[str, list[Action]] = {}
    for action in actions_of(plan):
        if form != "openapi" or action.node.kind == "webhook":
            found.setdefault(receiver_of(action), []).append(action)
    return dict(sorted(found.items()))


def whole(actions: Sequence[Action], plan: Plan, options: Options) -> bytes:
    """One document for all of these actions."""
    return _document_bytes(options.project, "", actions, plan, options)


def by_endpoint(
    grouped: Mapping[str, Sequence[Action]], plan: Plan, options: Options
) -> dict[str, bytes]:
    """One document for each endpoint, by the name of its file."""
    docs = {endpoint.name: endpoint.doc for endpoint in plan.endpoints}
    found: dict[str, bytes] = {}
    for name, own in grouped.items():
        file = _file_name(name, options.form, found)
        found[file] = _document_bytes(name, docs.get(name, ""), own, plan, options)
    return found


def _file_name(endpoint: str, form: str, taken: Iterable[str]) -> str:
    """The file of an endpoint: `crm.openapi.json`; of a url `shop.example.com.openapi.json`. Names
    that some file system takes for one are told apart by a number."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", endpoint.removeprefix("https://")).strip("-.")
    known = {name.lower() for name in taken}
    numbered = (f"-{number}" if number > 1 else "" for number in count(1))
    names = (f"{plain}{suffix}{ENDINGS[form]}" for suffix in numbered)
    return next(name for name in names if name.lower() not in known)


def _document_bytes(
    title: str, doc: str, actions: Sequence[Action], plan: Plan, options: Options
) -> bytes:
    wanted = Wanted(title, doc, actions, plan, options.closed, options.examples)
    made = FORMS[options.form](wanted)
    info = made.get("info")
    if isinstance(info, dict):
        rest = sha256(canonical_json(made)).hexdigest()[:12]
        info["version"] = options.version or rest
    return pretty_json(made)
