"""A small project for editors."""

from __future__ import annotations

from pathlib import Path

import pytest

SHOP = '''\
import "model.fql"

"""Tells the carrier."""
observer order_shipped {
  on: Order.update
  when: status == shipped && total >= large
  webhook label {
    url: "https://carrier.example.com/{{ id }}"
    retry: standard
    body: { id, note: "😀😀 {{ customer }}" }
  }
}
'''
MODEL = """\
enum Status { open shipped }
entity Order from "orders" {
  id: ID @key
  status: Status
  total: Decimal
  customer: String
}
let large = 100
retry standard { max_attempts: 5 }
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The folder of a project with two files."""
    folder = tmp_path.resolve() / "shop"
    folder.mkdir()
    (folder / "fql.toml").write_text('[project]\nname = "shop"\n', "utf-8")
    (folder / "shop.fql").write_text(SHOP, "utf-8")
    (folder / "model.fql").write_text(MODEL, "utf-8")
    return folder
