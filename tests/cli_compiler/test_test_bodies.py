"""`fqlc test` judges bodies of every kind."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli_compiler.conftest import Command


def test_a_body_that_is_encrypted_or_long_is_judged_as_well(fqlc: Command, shop: Path) -> None:
    """It is a text; any names of the environment have values that fit."""
    (shop / "shop.fql").write_text(
        """entity Order { id: ID @key  note: String }
observer o {
  on: Order.insert
  webhook all {
    url: "https://a.example.com/", body: { id }
    encryption: { key: "${K}" }, signing: { secret: "${S}" }
  }
  webhook long { url: "https://b.example.com/", body: { note } }
}
test "both" {
  observer: o  event: Order.insert  new: { id: "1", note: "NOTE" }
  expect: { sent: [all, long], bodies: { all: { id: "1" }, long: { note: "x" } } }
}
""".replace("NOTE", "n" * 70_000)
    )
    done = fqlc("test", "--format", "json", "shop.fql")
    assert done.code == 1
    first, second = json.loads(done.out)["problems"]
    assert first.startswith('body of all: expected {"id":"1"}, got "eyJ')
    assert second.startswith("body of long: expected")
