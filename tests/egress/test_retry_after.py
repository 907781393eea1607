"""`Retry-After` in its two forms; everything else is nothing."""

from __future__ import annotations

import pytest

from fql.egress.retry_after import LONGEST_MS, retry_after_ms

NOW = 1_445_412_480.0
"""Wed, 21 Oct 2015 07:28:00 GMT"""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", 0), ("7", 7_000), (" 7\t", 7_000), ("120", 120_000),
        ("999999999999", LONGEST_MS),
        ("Wed, 21 Oct 2015 07:28:30 GMT", 30_000),
        ("Wed, 21 Oct 2015 07:27:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_MS),
    ],
)  # fmt: skip
def test_seconds_and_dates(value: str, expected: int) -> None:
    assert retry_after_ms(value, NOW) == expected


@pytest.mark.parametrize(
    "value",
    [None, "", "-1", "1.5", "1e3", "٧", "7 seconds", "9" * 19, "0x10", "1_000", "+7",
     "Wed, 21 Oct 2015 07:28:30", "Wed, 21 Oct 2015 07:28:30 UTC", "2015-10-21T07:28:30Z",
     "Wed, 31 Feb 2015 07:28:30 GMT", "Wed, 21 Oct 2015 24:00:00 GMT",
     "Wednesday, 21-Oct-15 07:28:30 GMT", "wed, 21 oct 2015 07:28:30 gmt",
     "Wed, 21 Oct 0000 07:28:30 GMT"],
)  # fmt: skip
def test_everything_else_is_nothing(value: str | None) -> None:
    assert retry_after_ms(value, NOW) is None
