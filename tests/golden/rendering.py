"""What the golden files hold: each code as users see it, and all stages of small programs."""

from __future__ import annotations

import json
from pathlib import Path

from fql.plan.origin import FQL_TOML
from fql.plan.stored.codec import read_plan
from fqlc.checks.levels import Given
from fqlc.checks.model import Surroundings
from fqlc.diagnostics.registry import all_pages
from fqlc.diagnostics.render import render
from fqlc.emit.dot import dot_source
from fqlc.emit.mermaid import mermaid_source
from fqlc.emit.picture import picture_of
from fqlc.pipeline import check_project, plan_of
from fqlc.source.text import SourceText
from fqlc.syntax.printing.files import format_source

HERE = Path(__file__).parent
DIAGNOSTICS = HERE.parent / "diagnostics" / "golden"
STAGES = HERE / "stages"
PROGRAMS = HERE / "programs"

_ORDERS = b"""\
entity Order { id: UUID @key }
endpoint crm {
  url: "https://crm.example.com"
  contract: "crm.yaml"
}
observer tell {
  on: Order.insert
  webhook make { endpoint: crm  path: "PATH"  body: { id } }
}
"""
_CRM = b"""\
openapi: 3.1.0
info: {title: CRM, version: "1"}
paths:
  /orders:
    post:
      requestBody: {content: {application/json: {schema: {type: object}}}}
      responses: {"204": {description: taken}}
"""

EXTRA: dict[str, dict[str, bytes]] = {
    "FQL110": {"case.fql": b"entity Order { id: \xff }"},
    "FQL111": {"case.fql": b'import "shared.fql"\n'},
    "FQL401": {"case.fql": _ORDERS.replace(b"PATH", b"/order"), "crm.yaml": _CRM},
    "FQL402": {"case.fql": _ORDERS.replace(b"PATH", b"/orders"), "crm.yaml": _CRM[:60]},
}
"""Files of codes whose page needs surroundings. FQL223, FQL501 to FQL508 and FQL901 are found by
the runtime and by the command line; their tests are there."""


def diagnostic_goldens() -> dict[str, str]:
    """The wrong example of each page, and what the user sees."""
    found = {}
    for page in all_pages():
        files = EXTRA.get(page.code) or ({} if page.around else {"case.fql": page.wrong.encode()})
        contract = {"crm.yaml": page.contract.encode()} if page.contract else {}
        if files:
            found[page.code] = _rendered({**files, **contract})
    return found


def _rendered(files: dict[str, bytes]) -> str:
    checked = check_project(["case.fql"], files.get)
    shown = "\n".join(
        f"=== {name}\n{data.decode('utf-8', 'backslashreplace')}" for name, data in files.items()
    )
    return f"{shown}\n=== check\n{render(checked.diagnostics, checked.sources)}\n"


TOML = Surroundings(policies={"timeout": Given(20_000, FQL_TOML)})


def stage_goldens() -> dict[str, str]:
    """For each program of `programs/` its format, its plan and its pictures."""
    return {path.stem: _stages(path) for path in sorted(PROGRAMS.glob("*.fql"))}


def _stages(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    checked = check_project(["case.fql"], {"case.fql": text.encode()}.get, TOML)
    parts = [f"# {path.stem}", _code("fql", text)]
    formatted = format_source(SourceText("case.fql", text))
    parts += ["## Formatted", "unchanged" if formatted == text else _code("fql", formatted)]
    found = render(checked.diagnostics, checked.sources)
    parts += ["## Diagnostics", _code("text", found) if found else "none"]
    data = plan_of(checked)
    if data is not None:
        plan = json.loads(data)
        picture = picture_of(read_plan(data))
        plan_text = json.dumps(plan, indent=1, ensure_ascii=False)
        parts += ["## Plan", _code("json", plan_text)]
        parts += ["## Mermaid", _code("mermaid", mermaid_source(picture).rstrip())]
        parts += ["## DOT", _code("dot", dot_source(picture).rstrip())]
    return "\n\n".join(parts) + "\n"


def _code(kind: str, text: str) -> str:
    return f"```{kind}\n{text.rstrip()}\n```"
