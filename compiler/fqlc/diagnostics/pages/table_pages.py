"""Pages of FQL501 to FQL508: an entity and the table that it is captured from."""

from __future__ import annotations

from fqlc.diagnostics.pages.model import WARNING, Page

_RIGHT = """\
entity Order from "orders" {
  id: Int @key
  status: String
  note: String?
}
observer tell {
  on: Order.insert
  webhook send { url: "https://example.com/orders" }
}
"""


def _page(code: str, title: str, why: str, table: str) -> Page:
    around = (
        "`fqlc capture install`, `capture status`, `fqlc doctor` and `fqlc import --check` report"
        f" it when they look at the database. In this example {table}"
    )
    return Page(
        code=code, title=title, why=why, wrong="", right=_RIGHT, severities=WARNING, around=around
    )


PAGES = (
    _page("FQL501", "missing table", "Without the table nothing can be captured.",
          "`orders` does not exist."),
    _page("FQL502", "missing column", "A field is read from its column.",
          "`orders` has no column `note`."),
    _page("FQL503", "type cannot hold the column",
          "The declared type of the column does not fit the field, so each change would become a "
          "dead letter of class `capture`.",
          "`status` is an `INTEGER`."),
    _page("FQL504", "non-null field over a nullable column",
          "The first row with null in it would become a dead letter of class `capture`. Declare "
          "the field with `?`, or the column NOT NULL.",
          "`status TEXT` lacks NOT NULL."),
    _page("FQL505", "enum differs from the CHECK of its column",
          "A text that the column allows and the enum lacks would become a dead letter.",
          "a `CHECK (status IN (...))` allows a different list of texts."),
    _page("FQL506", "column that cannot be captured",
          "An event is JSON, which has no bytes. Only a UUID may be stored as 16 bytes.",
          "`note` is a `BLOB`."),
    _page("FQL507", "@key is not the key",
          "Two rows with the same @key would be taken for the same row.",
          "the primary key of `orders` is another column than `id`."),
    _page("FQL508", "column without a field",
          "Its values are not part of the event. This is reported on request only.",
          "`orders` has a column `total`."),
)  # fmt: skip
