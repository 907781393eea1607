"""Which texts and numbers have a format, at the edges of each."""

from __future__ import annotations

import pytest

from fqlc.contracts.judging.formats import CHECKED, has_format, in_range

UUID = "6f1c0a52-0000-4000-8000-00000000000A"
HAVE = {
    "uuid": [UUID, UUID.lower()],
    "date-time": [
        "2026-03-02T14:00:00Z", "2026-03-02t14:00:00.123z", "2024-02-29T23:59:60+02:00",
        "2026-03-02T14:00:00-23:59",
    ],
    "date": ["2026-03-02", "2024-02-29", "0001-01-01"],
    "time": ["00:00:00Z", "23:59:60+01:00", "12:30:00.5z"],
    "duration": ["P1W", "P1Y2M3D", "PT1H", "P1DT1S", "P1M"],
    "email": ["a@b", "a.b+c@example.com"],
    "hostname": ["a", "a-b.example.com", "9.example", "a" * 63],
    "ipv4": ["0.0.0.0", "255.255.255.255"],
    "ipv6": ["::", "::ffff:1.2.3.4", "2001:db8::1"],
    "uri": ["https://example.com/a?b#c", "urn:a:b", "mailto:a@b"],
    "decimal": ["1", "-1.50", "+1", "1e5", "1.5E-10"],
    "password": ["", "whatever"],
}  # fmt: skip
HAVE_NOT = {
    "uuid": ["", UUID[:-1], f"{UUID}0", UUID.replace("-", ""), UUID.replace("6", "g")],
    "date-time": [
        "2026-03-02 14:00:00Z", "2026-03-02T14:00:00", "2026-02-30T14:00:00Z",
        "2026-03-02T24:00:00Z", "2026-03-02T14:60:00Z", "2026-03-02T14:00:00+24:00",
        "2026-03-02T14:00Z", "2026-03-02", "14:00:00Z", "2026-03-02Tx14:00:00Z",
    ],
    "date": ["2026-02-29", "2026-3-2", "20260302", "2026-03-02T14:00:00Z", ""],
    "time": ["24:00:00Z", "12:30Z", "12:30:00", "12:30:61Z"],
    "duration": ["P", "PT", "P1W1D", "1D", "P1H", "P1DT"],
    "email": ["", "a", "@b", "a@", "a b@c"],
    "hostname": ["", "-a", "a-", "a..b", "a" * 64, "a_b", ".".join(["a" * 63] * 4)],
    "ipv4": ["1.2.3", "256.1.1.1", "1.2.3.4.5", "::"],
    "ipv6": ["1.2.3.4", "fe80::1%eth0", ":::"],
    "uri": ["", "a", "//example.com", "https://a b", "https://a/<x>"],
    "decimal": ["", ".5", "1.", "1,5", "0x1", "NaN"],
}  # fmt: skip


def _each(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, text) for name, texts in table.items() for text in texts]


@pytest.mark.parametrize(("name", "text"), _each(HAVE))
def test_texts_that_have_a_format(name: str, text: str) -> None:
    assert has_format(text, name)


@pytest.mark.parametrize(("name", "text"), _each(HAVE_NOT))
def test_texts_that_have_not(name: str, text: str) -> None:
    assert not has_format(text, name)


def test_formats_that_are_alike_are_judged_alike() -> None:
    alike = {"idn-email": "email", "url": "uri", "iri": "uri"}
    assert set(CHECKED) - set(alike) == set(HAVE_NOT)
    for name, like in alike.items():
        assert not any(has_format(text, name) for text in HAVE_NOT[like])
        assert all(has_format(text, name) for text in HAVE[like])


@pytest.mark.parametrize(("name", "first_above"), [("int32", 2**31), ("int64", 2**63)])
def test_whole_numbers_have_a_range(name: str, first_above: int) -> None:
    assert in_range(first_above - 1, name)
    assert in_range(-first_above, name)
    assert not in_range(first_above, name)
    assert not in_range(-first_above - 1, name)
    assert in_range(first_above, "int128")  # not judged
    assert in_range(first_above + 0.5, name)  # no whole number: its type says so
    assert in_range(True, name)
