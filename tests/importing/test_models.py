"""Models of SQLAlchemy, Django and pydantic, and JSON Schema, give the entities of their tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fqlc import compile_text, format_text
from tests.importing.importing import imported, ran

SQLALCHEMY = """
import enum, uuid
from sqlalchemy import *
from sqlalchemy.dialects.postgresql import ARRAY, INET, JSONB
from sqlalchemy.orm import DeclarativeBase
print("hello")
class Size(enum.Enum):
    small = "S"
    large = "L"
class Base(DeclarativeBase): pass
class Owner(Base):
    __tablename__ = "owners"
    id = Column(BigInteger, primary_key=True)
    name = Column(String(20), nullable=False, comment="Whose.")
class Item(Base):
    __tablename__ = "items"
    __table_args__ = {"comment": "What is sold."}
    id = Column(Uuid, primary_key=True)
    owner_id = Column(ForeignKey("owners.id"))
    price = Column(Numeric(10, 2), nullable=False)
    weight = Column(Float)
    size = Column(Enum(Size, name="size"))
    made = Column(DateTime(timezone=True)); day = Column(Date); time = Column(Time)
    sold = Column(Boolean, nullable=False); doc = Column(JSONB); more = Column(JSON)
    tags = Column(ARRAY(Text)); address = Column("ip address", INET); data = Column(LargeBinary)
    small = Column(SmallInteger); twice = Column(Integer, Computed("small * 2", persisted=True))
class Pair(Base):
    __tablename__ = "pairs"
    a = Column(Integer, primary_key=True); b = Column(Integer, primary_key=True)
"""
DJANGO = """
from django.db import models
class Owner(models.Model):
    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=20, db_comment="Whose.")
    class Meta: db_table = "owners"; app_label = "shop"
class Item(models.Model):
    id = models.UUIDField(primary_key=True)
    owner = models.ForeignKey(Owner, null=True, on_delete=models.CASCADE)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    weight = models.FloatField(null=True)
    made = models.DateTimeField(null=True); day = models.DateField(null=True)
    time = models.TimeField(null=True); sold = models.BooleanField()
    doc = models.JSONField(null=True); address = models.GenericIPAddressField(null=True)
    data = models.BinaryField(null=True); small = models.SmallIntegerField(null=True)
    wait = models.DurationField(null=True)
    owners = models.ManyToManyField(Owner, related_name="many", db_table="item_owners")
    class Meta: db_table = "items"; app_label = "shop"; db_table_comment = "What is sold."
"""
PYDANTIC = """
from __future__ import annotations
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID
from pydantic import BaseModel, Field
class Node(BaseModel):
    children: list[Node] = []
    name: str | None
class Order(BaseModel):
    id: UUID
    total: Decimal = Field(description="In euros.")
    status: Literal["new", "paid"]; odd: Literal["a b"]
    at: datetime; day: date | None; tree: Node; n: int; f: float; b: bool; any: Any
    tags: list[str | None]; either: int | str; free: dict[str, int]
"""
ORDER = '''enum OrderStatus { new, paid }

type Node {
  children: [Node]?
  name: String?
}

entity Order {
  id: UUID @key
  """In euros."""
  total: Decimal
  status: OrderStatus
  # one of 'a b'
  odd: String
  at: DateTime
  day: Date?
  tree: Node
  n: Int
  f: Float
  b: Boolean
  any: JSON?
  tags: [String?]
  either: JSON
  free: JSON
}
'''


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an application, in which we are."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models.py").write_text(SQLALCHEMY)
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "models.py").write_text(DJANGO)
    (package / "orders.py").write_text(PYDANTIC)
    return tmp_path


def python(text: str, url: str) -> str:
    """Run a program of the application."""
    done = subprocess.run(
        [sys.executable, "-c", text, url], capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_sqlalchemy(shop: Path, postgresql_url: str) -> None:
    """The same entities as the tables that `create_all` makes."""
    code, out, err = ran("--from", "sqlalchemy", "models:Base")
    assert (code, "hello" in err, "hello" in out) == (0, True, False)
    make = "import sys, models, sqlalchemy as s; e = s.create_engine(sys.argv[1])"
    python(f"{make}; models.Base.metadata.create_all(e)", driver(postgresql_url))
    assert out == imported(postgresql_url)


def test_django(shop: Path, postgresql_url: str) -> None:
    """The same entities as the tables that Django makes."""
    name, _, options = postgresql_url.removeprefix("postgresql:///").partition("?")
    given = dict(pair.split("=", 1) for pair in options.split("&"))
    database = {
        "ENGINE": "django.db.backends.postgresql", "NAME": name, "HOST": given["host"],
        "PORT": given.get("port", ""), "USER": given["user"],
    }  # fmt: skip
    text = f"DATABASES = {{'default': {database}}}\nINSTALLED_APPS = ['shop']\nUSE_TZ = True\n"
    (shop / "shop" / "settings.py").write_text(text)
    out = imported("--from", "django", "shop.settings:shop")
    make = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
django.setup()
from django.apps import apps
from django.db import connection
with connection.schema_editor() as editor:
    for model in apps.get_models():
        editor.create_model(model)
"""
    python(make, "")
    assert out == imported(postgresql_url)
    assert "owner_id: Int?" in out


def test_pydantic_and_json_schema(shop: Path) -> None:
    assert imported("--from", "pydantic", "shop.orders:Order") == ORDER
    text = "import json, shop.orders; print(json.dumps(shop.orders.Order.model_json_schema()))"
    (shop / "order.schema.json").write_text(python(text, ""))
    assert imported("order.schema.json") == ORDER.replace("total: Decimal", "total: JSON")
    assert format_text(ORDER) == ORDER
    assert not compile_text(ORDER).has_errors


@pytest.mark.parametrize(
    ("schema", "said"),
    [("{", "not a JSON Schema"), ("[]", "not a JSON Schema"), ("{}", "not describe an object"),
     ('{"properties": {"a": {"$ref": "#/x"}}}', "leads nowhere"),
     ('{"properties": {"a": {"$ref": "b.json"}}}', "leads out of the schema"),
     ('{"$ref": "#"}', "not describe an object"), ('{"allOf": [{"$ref": "#"}]}', "")],
)  # fmt: skip
def test_a_bad_schema_is_one_line(shop: Path, schema: str, said: str) -> None:
    Path("a.schema.json").write_text(schema)
    code, out, err = ran("a.schema.json")
    assert (code, out, said in err) == (1, "", True), err


@pytest.mark.parametrize(
    ("target", "said"), [("nothing_here:Base", "No module named"), ("models:Nothing", "Nothing")]
)
def test_a_module_that_fails_is_told_in_its_last_line(shop: Path, target: str, said: str) -> None:
    code, out, err = ran("--from", "sqlalchemy", target)
    assert (code, out, said in err, "Traceback" in err) == (3, "", True, False)
    assert ran("--from", "sqlalchemy", target, "--python", "./none")[0] == 3


def driver(url: str) -> str:
    """The url as SQLAlchemy takes it."""
    return url.replace("postgresql:", "postgresql+psycopg:", 1)
