"""Projects that change: declarations in variants, spread over files and edited at random."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

VARIANTS: Mapping[str, Sequence[str]] = {
    "status": ("enum Status { open, paid, shipped }", "enum Status { open, paid, shipped, lost }"),
    "label": (
        "type Label { url: String  cost: Decimal? }",
        '"""An answer."""\ntype Label { url: String  cost: Decimal  zone: Zone? }',
    ),
    "zone": ("enum Zone { near, far }", "type Zone { code: String }"),
    "order": (
        'entity Order from "orders" { id: ID @key  total: Decimal  status: Status  country: String'
        "  email: String @sensitive  note: String? }",
        "entity Order { id: ID @key  total: Decimal  status: Status  country: String"
        "  email: String  note: String?  tags: [String] }",
    ),
    "item": ("entity Item { sku: ID @key  left: Int }", "entity Item { sku: ID @key  left: Int? }"),
    "limit": ("let limit = 500", "let limit = base * 2", "let limit = 1_000.50"),
    "base": ("let base = 7", "# fql: allow FQL207 kept for later\nlet base = 8"),
    "carrier": (
        'endpoint carrier { url: "https://carrier.example.com" accepts: [sensitive] }',
        'endpoint carrier { url: "http://carrier.example.com" accepts: [sensitive]\n'
        '  headers: { "X-Key": "${CARRIER_KEY}" } }',
        "# fql: allow FQL332 in our own network\n"
        'endpoint carrier { url: "http://carrier.example.com"\n  accepts: [sensitive]'
        "  retry: { max_attempts: 9, ...patient } }",
    ),
    "patient": (
        "retry patient { max_attempts: 5  initial_delay: 1s }",
        "retry patient { max_attempts: 4  initial_delay: 1s  max_delay: 20h }",
    ),
    "defaults": ("defaults { timeout: 20s }", "defaults { timeout: 30s  concurrency: 3 }"),
    "ship": (
        """observer ship {
  on: Order.update
  when: status.changed() && status == shipped && total > limit
  retry: patient
  webhook parcel {
    endpoint: carrier
    path: "/parcels/{{ id }}"
    body: { id, email, note: note ?? "none" }
    response: Label
  }
  webhook bill { url: "https://bill.example.com/", body: { id, at: parcel.response.url } }
  flow { parcel -> bill }
}""",
        """observer ship {
  on: [Order.insert, Order.update]
  when: status == shipped || country in ["DE", "FR"]
  webhook parcel { endpoint: carrier  path: "/parcels"  body: { id, email } }
  webhook bill { url: "https://bill.example.com/{{ country }}", body: { id } }
  webhook last {
    url: "https://last.example.com/"
    body: { id }
    retry: { ...patient, max_attempts: 2 }
  }
  flow { parcel -> bill -> last  parcel -> last }
}""",
        """observer ship {
  on: Order.delete
  when: total >= limit || total < limit
  webhook parcel { endpoint: carrier  path: "/gone"  retry: { ...patient, initial_delay: 30h } }
}""",
    ),
    "restock": (
        """observer restock {
  on: Item.update
  when: left < 3
  webhook order_more { url: "https://depot.example.com/", body: { sku } retry: patient }
}""",
        """observer restock {
  on: Item.insert
  webhook order_more { url: "http://depot.example.com/", body: { sku } }
}""",
        """observer restock {
  on: Item.update
  when: (left ?? 0) < 3
  webhook order_more {
    url: "https://depot.example.com/"
    batch: { size: 10, timeout: 5s }
    headers: { "X-Zone": "${ZONE}" }
    body: { items: each { sku }, at: _timestamp }
  }
  webhook told { url: "https://told.example.com/" body: { at: _timestamp } }
  flow { order_more -> told }
}""",
    ),
    "trial": (
        """test "enough is left" {
  observer: restock
  event: Item.update
  old: { sku: "1", left: 5 }
  new: { left: 4 }
  expect: { sent: [] }
}""",
        """test "little is left" {
  observer: restock
  event: Item.update
  old: { sku: "1", left: 5 }
  new: { left: 2 }
  expect: { sent: [order_more] }
}""",
    ),
}
"""Declarations by a name for them. Not every choice of variants is sound."""

FILES = ("main.fql", "shared/a.fql", "shared/b.fql")
MOST_STEPS = 12


@dataclass
class Story:
    """A project and the hand that edits it."""

    chance: random.Random
    chosen: dict[str, int] = field(default_factory=dict)
    place: dict[str, str] = field(default_factory=dict)
    order: list[str] = field(default_factory=lambda: list(VARIANTS))
    blanks: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in VARIANTS:
            self.chosen[name] = 0
            self.place[name] = self.chance.choice(FILES)

    def edit(self) -> None:
        """Change one thing: a variant, a place, the order, blank lines and comments, a part
        missing or back again."""
        name = self.chance.choice(self.order)
        match self.chance.randrange(6):
            case 0 | 1:
                self.chosen[name] = self.chance.randrange(len(VARIANTS[name]))
            case 2:
                self.place[name] = self.chance.choice(FILES)
            case 3:
                self.chance.shuffle(self.order)
            case 4:
                self.blanks[name] = self.chance.choice(
                    ("", "\n\n", "# a note\n", "# it's \"one\n\n", "# fql: allow FQL207 why not\n")
                )
            case 5 if name in ("trial", "restock", "ship", "base"):
                self.chosen[name] = -1 if self.chosen[name] >= 0 else 0

    def files(self) -> dict[str, bytes]:
        """The files as they are now. The first one imports the others."""
        texts = dict.fromkeys(FILES, "")
        texts["main.fql"] = 'import "shared/a.fql"\nimport "shared/b.fql"\n'
        for name in self.order:
            if self.chosen[name] >= 0:
                text = VARIANTS[name][self.chosen[name]]
                texts[self.place[name]] += f"{self.blanks.get(name, '')}{text}\n"
        return {path: text.encode() for path, text in texts.items()}
