"""`Retry-After` in its forms; everything else is nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fql.egress.retry_after import LONGEST_MS, retry_after_ms

NOW = 1_445_412_480.0
"""Wed, 21 Oct 2015 07:28:00 GMT"""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", 0), ("7", 7_000), (" 7\t", 7_000), ("120", 120_000), ("007", 7_000),
        ("999999999999", LONGEST_MS), ("9" * 19, LONGEST_MS), ("9" * 200, LONGEST_MS),
        ("1.5", 1_500), ("0.0004", 0), ("2.", None), (".5", None),
        ("Wed, 21 Oct 2015 07:28:30 GMT", 30_000),
        ("wed, 21 oct 2015 07:28:30 gmt", 30_000),
        ("Wed, 21 Oct 2015 07:28:30 UTC", 30_000),
        ("Wed, 21 Oct 2015 07:27:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_MS),
        ("Wednesday, 21-Oct-15 07:28:30 GMT", 30_000),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0),
        ("Monday, 21-Oct-65 07:28:30 GMT", LONGEST_MS),
        ("Tuesday, 21-Oct-66 07:28:30 GMT", 0),
        ("Wed Oct 21 07:28:30 2015", 30_000),
        ("Fri Nov  6 07:28:00 2015", 16 * 86_400_000),
    ],
)  # fmt: skip
def test_seconds_and_dates(value: str, expected: int | None) -> None:
    assert retry_after_ms(value, NOW) == expected


@pytest.mark.parametrize(
    "value",
    [None, "", "-1", "1e3", "٧", "7 seconds", "0x10", "1_000", "+7", "1,5", "9" * 201, "7, 9",
     "Wed, 21 Oct 2015 07:28:30", "Wed, 21 Oct 2015 07:28:30 CET", "2015-10-21T07:28:30Z",
     "Wed, 31 Feb 2015 07:28:30 GMT", "Wed, 21 Oct 2015 24:00:00 GMT",
     "Wed, 21 Oct 0000 07:28:30 GMT", "Wed, 21 Oct 2015 07:28 GMT"],
)  # fmt: skip
def test_everything_else_is_nothing(value: str | None) -> None:
    assert retry_after_ms(value, NOW) is None


@pytest.mark.parametrize(
    ("wanted", "answered", "expected"),
    [
        ("06:28:30", "Wed, 21 Oct 2015 06:28:00 GMT", 30_000),  # its clock is an hour behind
        ("08:28:30", "Wed, 21 Oct 2015 08:28:00 GMT", 30_000),  # or ahead
        ("08:28:30", "Wednesday, 21-Oct-15 08:28:00 GMT", 30_000),
        ("07:28:30", None, 30_000),
        ("07:28:30", "", 30_000),
        ("07:28:30", "now", 30_000),
    ],
)
def test_a_date_is_counted_from_the_date_of_the_answer(
    wanted: str, answered: str | None, expected: int
) -> None:
    assert retry_after_ms(f"Wed, 21 Oct 2015 {wanted} GMT", NOW, answered) == expected
    assert retry_after_ms("7", NOW, answered) == 7_000


@given(st.one_of(st.text(max_size=40), st.text("0123456789.,: GMTWedOct-", max_size=32)), st.text())
def test_any_text_is_a_wait_or_nothing(value: str, answered: str) -> None:
    found = retry_after_ms(value, NOW, answered)
    assert found is None or 0 <= found <= LONGEST_MS


@given(st.datetimes(datetime(1970, 1, 1), datetime(2064, 12, 31)))
def test_the_three_forms_agree(moment: datetime) -> None:
    at = moment.replace(microsecond=0, tzinfo=UTC)
    forms = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y")
    assert len({retry_after_ms(at.strftime(form), NOW) for form in forms}) == 1
