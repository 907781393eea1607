"""A real Django project: capture follows its migrations, models are compared with entities, and
`manage.py fql run` runs the plan. Each command is a process, since Django is set up once in one."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg

import fqlc
from fql.testing import MockWebhookServer

MANAGE = """
import os, sys
from django.core.management import execute_from_command_line
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
if __name__ == "__main__":
    for words in " ".join(sys.argv[1:]).split(" then "):
        execute_from_command_line(["manage.py", *words.split()])
"""
MIGRATIONS = {
    "0001_first": """
from django.db import migrations, models

class Migration(migrations.Migration):
    initial = True
    operations = [migrations.CreateModel("Order", [
        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
        ("status", models.CharField(max_length=20, choices=[("new", "New"), ("paid", "Paid")])),
    ], options={"db_table": "orders"})]
""",
    "0002_note": """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("orders", "0001_first")]
    operations = [migrations.AddField("order", "note", models.TextField(default=""))]
""",
}
SETTINGS = """
import os
from pathlib import Path
BASE_DIR = Path(__file__).parent
SECRET_KEY = "x"
INSTALLED_APPS = ["orders", "fql.contrib.django"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "shop.db"}}
if url := os.environ.get("SHOP"):
    DATABASES["default"] = {"ENGINE": "django.db.backends.postgresql", "OPTIONS": {"service": ""}}
    import psycopg
    found = psycopg.conninfo.conninfo_to_dict(url)
    DATABASES["default"] = {
        "ENGINE": "django.db.backends.postgresql", "NAME": found["dbname"],
        "USER": found.get("user", ""), "PASSWORD": found.get("password", ""),
        "HOST": found.get("host", ""), "PORT": found.get("port", ""),
    }
FQL_PLAN = BASE_DIR / "plan.json"
"""
MODELS = """
from django.db import models

class Order(models.Model):
    status = models.CharField(max_length=20, choices=[("new", "New"), ("paid", "Paid")])
    note = models.TextField(default="")
    class Meta:
        db_table = "orders"
"""
PLAN = """
enum Status { new, paid }
entity Order from "orders" { id: Int @key  status: Status }
observer paid {
  on: Order.update
  when: status.changed_to(paid)
  webhook tell { url: "${RECEIVER}/paid" body: { id } }
}
"""


class Project:
    """A folder with a Django project, and its `manage.py`."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.environment = os.environ | environment
        (folder / "orders/migrations").mkdir(parents=True)
        for name in ("orders/__init__.py", "orders/migrations/__init__.py"):
            (folder / name).write_text("")
        (folder / "manage.py").write_text(MANAGE)
        (folder / "settings.py").write_text(SETTINGS)
        (folder / "orders/models.py").write_text(MODELS)
        for name, text in MIGRATIONS.items():
            (folder / f"orders/migrations/{name}.py").write_text(text)
        self.plan(PLAN)

    def plan(self, text: str) -> None:
        (self.folder / "plan.json").write_bytes(fqlc.compile_text(text).plan_or_raise())

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "manage.py", *words]

    def manage(self, *words: str, code: int = 0) -> str:
        """Run a command, and give what it said."""
        done = subprocess.run(
            self.command(*words), cwd=self.folder, env=self.environment,
            capture_output=True, text=True, check=False, timeout=100,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        assert "Traceback" not in said
        return said


def test_migrations_keep_capture_and_run_sends(tmp_path: Path) -> None:
    with MockWebhookServer() as server:
        project = Project(tmp_path, RECEIVER=server.url)
        said = project.manage("check", "then", "migrate orders 0001", "then", "migrate")
        assert "no issues" in said
        assert said.count("Capture installed") == 2  # for the second, the table was made anew
        (tmp_path / "fql.toml").write_text(
            '[store]\nurl = "sqlite:///fql.db"\n[sources.shop]\nkind = "sqlite"\n'
            'database = "shop.db"\n[egress]\nallow = ["127.0.0.1/32"]\n'
        )
        with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
            connection.execute("INSERT INTO orders (status, note) VALUES ('new', '')")
            connection.execute("UPDATE orders SET status = 'paid'")
            connection.commit()
        process = subprocess.Popen(
            project.command("fql", "run"), cwd=tmp_path, env=project.environment,
            stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            assert server.wait_for(1, 60)
            process.send_signal(signal.SIGTERM)
            assert process.wait(35) == 0
        finally:
            process.kill()
    assert [request.payload for request in server.requests] == [{"id": 1}]


def test_models_are_compared_with_entities(tmp_path: Path) -> None:
    """A plan that does not fit is a warning before a migration, and ends it loudly."""
    project = Project(tmp_path)
    project.plan(
        PLAN.replace("enum Status { new, paid }", "enum Status { new, paid, sent }").replace(
            "status: Status", "status: Status  total: Decimal"
        )
    )
    said = project.manage("migrate", code=1)
    assert "fql.W502" in said
    assert "`orders` has no column `total`" in said
    assert "fql.W505" in said
    assert "differs from the choices of column `status`" in said
    assert "the migration is done, but changes are not captured" in said


def test_a_plan_that_is_not_there(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (tmp_path / "plan.json").unlink()
    said = project.manage("migrate", code=1)
    assert "fql.E001" in said
    assert "fqlc compile -o" in said
    assert not (tmp_path / "shop.db").exists()


def test_postgresql(tmp_path: Path, postgresql_url: str) -> None:
    project = Project(tmp_path, SHOP=postgresql_url)
    assert "Capture installed" in project.manage("migrate")
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("INSERT INTO orders (status, note) VALUES ('new', '')")
        connection.execute("UPDATE orders SET status = 'paid'")
        found = connection.execute("SELECT count(*) FROM fql_main.outbox").fetchone()
    assert found == (1,)


def test_without_a_plan_it_says_which_setting(tmp_path: Path) -> None:
    project = Project(tmp_path)
    text = (tmp_path / "settings.py").read_text()
    (tmp_path / "settings.py").write_text(text.replace("FQL_PLAN =", "OTHER ="))
    assert "FQL_PLAN = BASE_DIR" in project.manage("fql", "run", code=2)
