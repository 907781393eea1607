# ruff: noqa: E501 - sources in the language are shown as they are written
"""The program and the slips that Prism is sent, for contracts in the shape of real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fql.plan.stored.codec import read_plan
from fql.testing.harness import Harness
from fqlc.diagnostics.model import Diagnostic
from fqlc.pipeline import check_project, plan_of

HERE = Path(__file__).parent
CONTRACTS = {path.name: path.read_bytes() for path in sorted((HERE / "contracts").glob("*.yaml"))}

_SHOP = """\
enum Status { pending, paid, shipped }
type Line { sku: String  count: Int  price: Decimal }
entity Order {
  id: UUID @key  number: Int  total: Decimal  weight: Float  note: String?  email: String
  status: Status  express: Boolean  placed: DateTime  day: Date?  lines: [Line]
}
endpoint receiver { url: "https://api.example.com/v2"  contract: "CONTRACT" }
observer tell {
  on: Order.insert
  webhook hook {
    endpoint: receiver
    WEBHOOK
  }
}
"""
ROW: Mapping[str, object] = {
    "id": "6f1c0a52-0000-4000-8000-000000000001", "number": 7, "total": "12.50", "weight": 1.25,
    "note": None, "email": "a@b.example", "status": "paid", "express": True, "day": None,
    "placed": "2026-03-02T14:00:00Z",
    "lines": [{"sku": "x", "count": 2, "price": "6.25"}],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """A webhook to the operation of a contract, and the codes that it earns."""

    name: str
    contract: str
    webhook: str
    codes: tuple[str, ...] = ()

    def text(self, contract: str) -> str:
        """The program."""
        return _SHOP.replace("CONTRACT", contract).replace("WEBHOOK", self.webhook)

    def found(self) -> tuple[Diagnostic, ...]:
        """What the compiler finds."""
        files = {"case.fql": self.text(self.contract).encode(), **CONTRACTS}
        return check_project(["case.fql"], files.get).diagnostics

    def request(self) -> dict[str, object]:
        """What the engine sends, with or without a slip: the contract is left out."""
        text = self.text("").replace('contract: ""', "")
        checked = check_project(["case.fql"], {"case.fql": text.encode()}.get)
        data = plan_of(checked)
        assert data is not None, [d.message for d in checked.diagnostics]
        result = Harness(read_plan(data)).emit("Order.insert", new=ROW).run()
        (sent,) = result.requests("hook")
        return dict(sent)


def _labels(name: str, body: str, *codes: str, query: str = "?carrier=dhl", more: str = "") -> Case:
    headers = more or 'headers: { "X-Shop": "main" }'
    webhook = f'path: "/orders/{{{{ id }}}}/labels{query}" {headers} body: {body}'
    return Case(f"labels: {name}", "crm30.yaml", webhook, codes)


def _payments(name: str, body: str, *codes: str) -> Case:
    return Case(f"payments: {name}", "pay31.yaml", f'path: "/payments" body: {body}', codes)


_OK = 'order_id: id, weight: weight, service: "express"'
_CARD = 'method: { type: "card", number: "4111", holder: email }'

CASES = (
    _labels("all", f"{{ {_OK}, note?: note, placed, lines: lines.map(l, {{ sku: l.sku, count: l.count }}) }}"),
    _labels("the least", f"{{ {_OK} }}"),
    _labels("nullable", f"{{ {_OK}, day }}"),
    _labels("missing", '{ order_id: id, service: "express" }', "FQL411"),
    _labels("unknown", f"{{ {_OK}, colour: email }}", "FQL412"),
    _labels("a text for a number", '{ order_id: id, weight: total, service: "express" }', "FQL413"),
    _labels("another format", f"{{ {_OK}, placed: id }}", "FQL413"),
    _labels("null", f"{{ {_OK}, note }}", "FQL414"),
    _labels("outside of the enum", '{ order_id: id, weight, service: "slow" }', "FQL415"),
    _labels("beyond a bound", '{ order_id: id, weight: 1000, service: "express" }', "FQL415"),
    _labels("an item", f"{{ {_OK}, lines: lines.map(l, {{ sku: l.sku, count: l.sku }}) }}", "FQL413"),
    _labels("no list", f"{{ {_OK}, lines: express }}", "FQL413"),
    _labels("no object", "[number]", "FQL413"),
    _labels("no query", f"{{ {_OK} }}", "FQL421", query=""),
    _labels("another carrier", f"{{ {_OK} }}", "FQL421", query="?carrier=rail"),
    _labels("no header", f"{{ {_OK} }}", "FQL421", more='headers: { "X-Other": "main" }'),
    _payments("card", f"{{ amount: weight, {_CARD} }}"),
    _payments("transfer", '{ amount: weight, method: { type: "transfer", iban: "DE1" }, tags: { a: "b" } }'),
    _payments("nullable", f"{{ amount: weight, {_CARD}, memo: note }}"),
    _payments("a part of allOf", f"{{ {_CARD} }}", "FQL411"),
    _payments("a branch", '{ amount: weight, method: { type: "card", number: number, holder: email } }', "FQL413"),
    _payments("no branch", '{ amount: weight, method: { type: "cash" } }', "FQL415"),
    _payments("no tag", "{ amount: weight, method: { iban: email } }", "FQL411"),
    _payments("a map", f"{{ amount: weight, {_CARD}, tags: {{ a: number }} }}", "FQL413"),
    _payments("a pattern", f'{{ amount: weight, {_CARD}, currency: "euro" }}', "FQL415"),
    _payments("a constant", f'{{ amount: weight, {_CARD}, version: 2 }}', "FQL415"),
    _payments("no form", f"{{ amount: weight, {_CARD}, source: express }}", "FQL416"),
)  # fmt: skip
