"""Capture that survives migrations of Django, in `settings.py`:

    INSTALLED_APPS = [..., "fql.contrib.django"]
    FQL_PLAN = BASE_DIR / "plan.json"

`FQL_SETTINGS` names fql.toml where it is not beside the plan, `FQL_DATABASE` the database whose
tables are captured where that is not `default`. `manage.py fql run` runs the plan.
"""
