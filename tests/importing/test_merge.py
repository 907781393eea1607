"""`--into` brings a file in step with its tables by edits at spans, and touches nothing else."""

from __future__ import annotations

import random
import re
import sqlite3
from pathlib import Path

import pytest

from tests.importing.importing import imported, ran

TABLES = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, total DECIMAL, status TEXT NOT NULL
  CHECK (status IN ('new', 'paid')), note TEXT, doc JSON, paid INTEGER NOT NULL, at DATETIME);
"""
HAND = """# by hand
enum Mood { new, paid }
type Doc { a: Int? }

'''Whose.'''
entity Order from "orders" {
  id: ID @key # kept
  total: Float?  # exact
  status: Mood
  paid: Boolean @sensitive
  gone: String
}

observer o { on: Order.insert when: paid webhook w { url: "https://example.com" body: { id } } }
""".replace("'''", '"""')
CASES = {
    "a new column comes after the one before it": (
        "total: Decimal?  # exact", "status: Mood\n  note: String?\n  doc: JSON?\n  paid: Boolean"
    ),
    "what is narrower and can hold the column stays": ("id: ID @key # kept", "status: Mood"),
    "attributes and comments stay": ("paid: Boolean @sensitive\n  at: DateTime?\n  gone: String",),
}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `shop.db`, in which we are."""
    monkeypatch.chdir(tmp_path)
    with sqlite3.connect("shop.db") as connection:
        connection.executescript(TABLES)
    return tmp_path


def merged(before: str, *arguments: str, code: int = 0) -> str:
    """The file after a merge, which a second one does not change."""
    file = Path("shop.fql")
    file.write_bytes(before.encode())
    assert ran("shop.db", "--into", "shop.fql", *arguments)[0] == code
    after = file.read_bytes().decode()
    if code == 0:
        assert ran("shop.db", "--into", "shop.fql", *arguments)[0] == 0
        assert file.read_bytes().decode() == after
    return after


@pytest.mark.parametrize("case", CASES)
def test_a_merge(shop: Path, case: str) -> None:
    after = merged(HAND)
    assert all(part in after for part in CASES[case])


def test_everything_else_is_untouched_and_line_ends_stay(shop: Path) -> None:
    after = merged(HAND.replace("\n", "\r\n"))
    changed = set(after.split("\r\n")) - set(HAND.split("\n"))
    new = {"  total: Decimal?  # exact", "  note: String?", "  doc: JSON?", "  at: DateTime?"}
    assert changed == new


def test_a_column_that_is_gone_is_reported_and_pruned_on_request(shop: Path) -> None:
    Path("shop.fql").write_text(HAND)
    assert "Order.gone: `orders` has no column `gone`" in ran("shop.db", "--into", "shop.fql")[2]
    assert "gone" not in merged(HAND, "--prune")


def test_what_would_not_compile_is_not_written(shop: Path) -> None:
    used = HAND.replace("body: { id }", "body: { id, gone }")
    assert merged(used, "--prune", code=1) == used


def test_a_file_without_entities_gets_all_and_another_one_what_is_named(shop: Path) -> None:
    with sqlite3.connect("shop.db") as connection:
        connection.execute("CREATE TABLE items (id INTEGER PRIMARY KEY)")
    assert merged("# mine\n") == "# mine\n\n" + imported("shop.db")
    assert "Item" not in merged(HAND)
    assert merged(HAND, "--table", "items").endswith(
        'body: { id } } }\n\nentity Item from "items" {\n  id: Int @key\n}\n'
    )


def test_diff_shows_and_check_finds_what_a_merge_would_change(shop: Path) -> None:
    Path("shop.fql").write_text(HAND)
    code, out, _ = ran("shop.db", "--into", "shop.fql", "--diff")
    assert (code, Path("shop.fql").read_text()) == (1, HAND)
    assert "+  total: Decimal?  # exact" in out
    code, out, _ = ran("shop.db", "--into", "shop.fql", "--check")
    assert (code, re.findall(r"warning\[(FQL\d+)\]", out)) == (1, ["FQL502"])
    allowed = HAND.replace("  gone", "  # fql: allow FQL502 it comes next week\n  gone")
    Path("shop.fql").write_text(allowed)
    assert ran("shop.db", "--into", "shop.fql", "--check")[0] == 0
    assert ran("shop.db", "--into", "shop.fql", "--check", "--complete")[0] == 1


def test_a_computed_field_is_not_a_column(shop: Path) -> None:
    """It is neither missing nor in the way of a column with its name."""
    computed = HAND.replace("  gone: String", "  note: Boolean = paid")
    after = merged(computed)
    assert "  note: Boolean = paid" in after
    assert '  note_2: String? @column("note")' in after
    assert ran("shop.db", "--into", "shop.fql", "--check", "--complete")[0] == 0


def test_verify_reads_rows(shop: Path) -> None:
    Path("shop.fql").write_text(imported("shop.db"))
    with sqlite3.connect("shop.db") as connection:
        connection.execute("INSERT INTO orders VALUES (7, 'much', 'new', NULL, NULL, 0, NULL)")
    code, _, err = ran("shop.db", "--into", "shop.fql", "--check", "--verify", "9")
    assert (code, "id = 7" in err) == (1, True)


@pytest.mark.parametrize("seed", range(12))
def test_random_edits_of_a_file_survive(shop: Path, seed: int) -> None:
    """Comments, order, attributes, flat and broken layouts: all that a person may have done."""
    chance = random.Random(seed)
    with sqlite3.connect("shop.db") as connection:
        connection.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, a TEXT, b INT, c REAL)")
    text = _edited(imported("shop.db"), chance)
    with sqlite3.connect("shop.db") as connection:
        connection.execute("ALTER TABLE items ADD COLUMN d TEXT")
        connection.execute("ALTER TABLE items DROP COLUMN b")
    after = merged(text, *(["--prune"] if chance.random() < 0.5 else []))
    for comment in re.findall(r"#[^\n]*", text):
        assert comment in after or " b: " in text
    assert re.search(r"\bd: String\?", after)
    assert after.count("@sensitive") == text.count("@sensitive")
    assert ran("shop.db", "--into", "shop.fql", "--check")[0] in (0, 1)


def _edited(text: str, chance: random.Random) -> str:
    parts = re.split(r"(\n)", text)
    for place, part in enumerate(parts):
        field = re.fullmatch(r"  (\w+: [^\n]+)", part)
        if field is None or " b: " in part:
            continue
        if chance.random() < 0.3:
            parts[place] += f" # note {place}"
        elif chance.random() < 0.3:
            parts[place] = f"\n  # before {place}\n  '''said {place}'''\n  {field[1]} @sensitive"
        elif chance.random() < 0.2:
            parts[place] = f"    {field[1]},"
    text = "".join(parts).replace("'''", '"""')
    if chance.random() < 0.3:
        text = re.sub(r"\n(  c: )", r" c: ", text) if "# note" not in text else text
    groups = text.rstrip("\n").split("\n\n")
    if "before" not in text:
        chance.shuffle(groups)
    return "\n\n".join(groups) + ("\n" if chance.random() < 0.7 else "")
