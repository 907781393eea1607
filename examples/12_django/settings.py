"""A Django project with its rows in SQLite."""

from pathlib import Path

BASE_DIR = Path(__file__).parent
SECRET_KEY = "only-for-this-example"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "shop.views"
INSTALLED_APPS = ["shop", "fql.contrib.django"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "shop.db",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode = WAL",
        },
    }
}
FQL_PLAN = BASE_DIR / "plan.json"
