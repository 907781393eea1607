"""The reference page is the model, printed."""

from __future__ import annotations

from tests.settings.page import PAGE, page

from fql.settings.reading import every_key


def test_reference_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run python -m tests.settings.page"


def test_reference_page_has_every_key() -> None:
    for key in every_key():
        assert f"| `{key.rpartition('.')[2]}` |" in page(), key
