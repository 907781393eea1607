"""Programs with a contract beside them."""

from __future__ import annotations

from textwrap import dedent, indent

from fqlc.diagnostics.model import Diagnostic
from fqlc.pipeline import check_project

_HEAD = """\
openapi: 3.1.0
info: { title: API, version: "1" }
paths:
  /orders/{order}/{size}:
    post:
"""
_PROGRAM = """\
enum Status { paid, shipped }
entity Order {
  id: UUID @key  number: Int  status: Status  note: String?  email: String  shop: String
}
TYPES
endpoint crm { url: "https://crm.example.com"  contract: "api.yaml" }
observer tell {
  on: Order.insert
  webhook hook { endpoint: crm
    KEYS
  }
}
"""
PATH = 'path: "/orders/{{ id }}/{{ number }}"'


def found(keys: str, operation: str, types: str = "") -> tuple[Diagnostic, ...]:
    """What is found of a webhook with these keys, sent to this operation."""
    text = _PROGRAM.replace("KEYS", keys).replace("TYPES", types)
    api = _HEAD + indent(dedent(operation), " " * 6)
    files = {"case.fql": text.encode(), "api.yaml": api.encode()}
    return check_project(["case.fql"], files.get).diagnostics


def told(keys: str, operation: str, types: str = "") -> list[str]:
    """`error FQL421: message` of each."""
    return [f"{d.severity} {d.code}: {d.message}" for d in found(keys, operation, types)]
