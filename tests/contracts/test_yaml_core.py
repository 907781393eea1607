"""YAML of contracts: the core schema of YAML 1.2, and what is refused."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from fqlc.contracts.reading.yaml_core import NotYaml, read_yaml

_SCALARS: dict[str, object] = {
    "no": "no", "yes": "yes", "on": "on", "off": "off", "y": "y", "NO": "NO",
    "true": True, "False": False, "TRUE": True, "tRUE": "tRUE",
    "null": None, "~": None, "": None, "Null": None, "nULL": "nULL",
    "2020-01-01": "2020-01-01", "12:30:00": "12:30:00", "2020-01-01T00:00:00Z":
    "2020-01-01T00:00:00Z",
    "12": 12, "-3": -3, "+3": 3, "012": 12, "0x1F": 31, "0o17": 15, "1_000": "1_000",
    "1.50": Decimal("1.50"), "1e3": Decimal("1e3"), ".5": Decimal("0.5"), "1.": Decimal(1),
    "1.2.3": "1.2.3", "'12'": "12", '"true"': "true", "!!str 12": "12", "!!int '12'": 12,
    "=": "=", "<<": "<<",
}  # fmt: skip


@pytest.mark.parametrize("written", _SCALARS)
def test_scalars_mean_what_yaml_1_2_says(written: str) -> None:
    value, _ = read_yaml(f"- {written}\n")
    assert isinstance(value, list)
    assert value[0] == _SCALARS[written]
    assert type(value[0] == 1) is bool
    assert isinstance(value[0], bool) == isinstance(_SCALARS[written], bool)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", "the key `a` is written twice"),
        ("a: &x\n  b: *x", "is within what it names"),
        ("a: *x", "nothing is called `&x`"),
        ("a: .inf", "not a number of JSON"),
        ("a: .NaN", "not a number of JSON"),
        ("a: !!binary aa", "tag"),
        ("a: !own aa", "tag"),
        ("a: !!int no", "tag"),
        ("a: 1\n---\nb: 1", "more than one document"),
        ("? [a]\n: b", "a key must be a text"),
        ("c:\n  <<: 7", "a merge key (`<<`) takes an object"),
        ("c:\n  <<:", "a merge key (`<<`) takes an object"),
        ("a: &a {x: 1}\nc:\n  <<: [*a, x]", "a merge key (`<<`) takes an object"),
        ("a: &a {x: 1}\nc:\n  <<: *a\n  <<: *a", "two merge keys"),
        ("a: &a {x: 1}\nc: &c\n  <<: *c", "is within what it names"),
        ("[" * 100_000, "nests more than 200 deep"),
        ("{a: " * 300, "nests more than 200 deep"),
        ("a: 'b", "unexpected end of stream"),
        ("", "it is empty"),
        ("a: 1" + "0" * 5_000, "digits"),
        ("\ta: 1", "line 1"),
    ],
)
def test_what_is_not_json_in_yaml_is_refused(text: str, said: str) -> None:
    with pytest.raises(NotYaml, match=re.escape(said)):
        read_yaml(text)


def test_aliases_share_what_they_name() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    value, _ = read_yaml("\n".join(lines))
    assert isinstance(value, dict)
    assert value["a29"][0] is value["a28"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{<<: *a, y: 3}", {"x": 1, "y": 3}),
        ("{y: 3, <<: *a}", {"x": 1, "y": 3}),
        ("{<<: [*b, *a]}", {"x": 9, "y": 2, "z": 4}),
        ("{<<: {x: 7, w: 1}}", {"x": 7, "w": 1}),
        ("{<<: *c, z: 0}", {"x": 1, "y": 2, "z": 0}),
        ('{"<<": *a}', {"<<": {"x": 1, "y": 2}}),
        ("{<<: []}", {}),
    ],
)
def test_a_merge_key_brings_what_is_not_written(text: str, value: object) -> None:
    given = f"a: &a {{x: 1, y: 2}}\nb: &b {{x: 9, z: 4}}\nc: &c {{<<: *a}}\nd: {text}\n"
    found, marks = read_yaml(given)
    assert isinstance(found, dict)
    assert found["d"] == value
    assert marks[id(found["d"])].keys() == found["d"].keys()
    assert found["a"] == {"x": 1, "y": 2}
    if "<<: *a" in text:
        start, end = marks[id(found["d"])]["x"]
        assert given[:start].count("\n") == 0, "the place of a key is where it is written"
        assert given[start:end] == "x"


def test_merge_keys_do_not_multiply_without_bound() -> None:
    wide = ", ".join(f"k{i}: 1" for i in range(2_000))
    lines = [f"a: &a {{{wide}}}", *(f"b{i}: {{<<: *a}}" for i in range(600))]
    with pytest.raises(NotYaml, match="bring more than 1,000,000 keys"):
        read_yaml("\n".join(lines))


def test_places_are_characters_of_the_text() -> None:
    text = "é: ü\nb:\n  - {c: 1}\n"
    value, marks = read_yaml(text)
    assert isinstance(value, dict)
    start, end = marks[id(value["b"][0])]["c"]
    assert text[start:end] == "c"
