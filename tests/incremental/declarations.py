"""Declarations in variants: what a project of the stories next door is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    "defaults": (
        "defaults { timeout: 20s }",
        "defaults { timeout: 30s  concurrency: 3 }",
        "defaults { retry: patient }",
        "defaults { retry: { max_attempts: 2  max_delay: 4h } }",
        'defaults { headers: { "X-Zone": "${ZONE}" } }',
    ),
    "more_defaults": (
        "defaults { circuit: { failures: 7 } }",
        'defaults { signing: { secret: "${SHARED_SECRET}" } }',
    ),
    "calm": (
        "retry calm { backoff: fixed  initial_delay: 2s }",
        "retry calm { max_attempts: 2  backoff: linear  max_delay: 50s }",
        "# fql: allow FQL341 others may set more attempts\nretry calm { max_delay: 9h }",
    ),
    "depot": (
        'endpoint depot { url: "https://depot.example.com/in" retry: calm }',
        'endpoint depot { url: "https://depot.example.com" retry: { ...calm, max_attempts: 7 }\n'
        '  signing: { secret: [{ secret: "${OLD}", not_after: "2026-01-01T00:00:00Z" },'
        ' { secret: "${NEW}", not_before: "2026-06-01T00:00:00Z" }] } }',
        'endpoint depot { url: "https://${DEPOT}/in" rate_limit: { max_per_second: 5 } }',
    ),
    "namesakes": (
        "let carrier = 3",
        'let parcel = "a parcel"',
        "retry carrier { max_attempts: 4 }",
        "type Failure { message: Int }",
        "let shipped = 9",
        "enum restock { open, shut }",
    ),
    "notes": (
        """observer notes {
  on: [Order.insert, Order.delete]
  webhook first {
    endpoint: depot
    path: "/{{ country }}"
    body: { id, text: "{{ \\u{62}ase }} of {{ limit }}{{\\tbase }}", why: "carrier's #1" }
  }
  webhook carrier { url: "https://c.example.com/" body: { why: first.error.message } }
  flow { first else carrier }
}""",
        """observer notes {
  on: Order.update
  # fql: allow FQL232 it is always so
  when: total >= 5 || total < 5
  webhook first { endpoint: depot  path: "/"  body: { id, n: limit + base } }
  webhook second { endpoint: carrier  path: "/"  body: { id, s: status } }
  webhook third { endpoint: depot  path: "/3"  body: { id, was: status.old } }
  flow { first -> second -> third  first -> third }
}""",
        """observer notes {
  on: Order.insert
  retry: calm
  webhook first {
    endpoint: depot
    path: "/"
    batch: { size: 5, timeout: 2s }
    body: { all: each { id, country }, n: _batch.size }
  }
}""",
    ),
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
    "second_trial": (
        """test "it is told" {
  observer: restock
  event: Item.update
  old: { sku: "1", left: 5 }
  new: { left: 4 }
  expect: { sent: [] }
}""",
        """test "little is left" {
  observer: restock
  event: Item.update
  old: { sku: "2", left: 9 }
  new: { left: 8 }
  expect: { sent: [] }
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
