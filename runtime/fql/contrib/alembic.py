"""Capture that survives migrations of Alembic, in `env.py`:

    from fql.contrib.alembic import capture_hook, include_object

    context.configure(
        connection=connection, target_metadata=target_metadata,
        include_object=include_object, on_version_apply=capture_hook,
    )

and in `alembic.ini`, below `[alembic]`:

    fql_plan = %(here)s/plan.json

The name of the project comes from `fql.toml` beside the plan, or from the file that `fql_settings`
names.
"""

from __future__ import annotations

import logging
from typing import Any

from fql.contrib.planned import Planned, planned
from fql.errors import FqlError, StoreError, UsageError

__all__ = ["capture_hook", "include_object"]

logger = logging.getLogger("fql.alembic")

_OURS = "fql_"
_LETTERS = "webhook_dlq"
"""Copies of dead letters, by the name that they have where the settings give none."""


def include_object(
    object: Any,  # noqa: A002 - Alembic's name
    name: str | None,  # noqa: ARG001
    type_: str,
    reflected: bool,
    compare_to: object,
) -> bool:
    """For `include_object` of Alembic: False for tables of `fqlc` in the database, so that
    autogenerate does not drop them. What the application's own metadata has is always included.

    `object` is a table or a part of one, by `name` and `type_`; `reflected` says that it is in the
    database, and `compare_to` is what the metadata has in its place."""
    if not reflected or compare_to is not None:
        return True
    table = object if type_ == "table" else getattr(object, "table", None)
    names = (getattr(table, "name", None), getattr(table, "schema", None))
    return not any(_is_ours(one) for one in names)


def _is_ours(name: str | None) -> bool:
    return name is not None and (name.startswith(_OURS) or name == _LETTERS)


def capture_hook(*, ctx: Any, heads: Any, **_: object) -> None:
    """For `on_version_apply` of Alembic: puts triggers back after each revision, in its
    transaction. `ctx` is the context of the migration, `heads` the revisions that it reached.

    Before the last revision, a plan may be ahead of the tables. What else prevents it is raised on
    PostgreSQL, which undoes the migration: StoreError where tables and plan disagree, UsageError
    without `fql_plan`, SettingsError and PlanError for the files. On SQLite, where undoing would
    leave half of a migration, it is an error in the log.
    """
    if ctx.as_sql:
        logger.warning("capture is not part of SQL scripts: run `fqlc capture install` after them")
        return
    try:
        made = _planned(ctx).install(ctx.connection)
    except FqlError as error:
        if isinstance(error, StoreError) and _goes_on(ctx, heads):
            logger.info("capture follows with a later revision: %s", error.message)
            return
        if ctx.impl.transactional_ddl:
            raise
        about = "changes are not captured until `fqlc capture install`"
        logger.error("%s; %s; %s", error.message, about, error.hint)  # noqa: TRY400
    else:
        if made:
            logger.info("capture installed: %s", ", ".join(made))


def _goes_on(ctx: Any, heads: Any) -> bool:
    """Whether there are revisions after these."""
    return set(heads) != set(_environment(ctx).script.get_heads())


def _planned(ctx: Any) -> Planned:
    config = _environment(ctx).config
    plan = config.get_main_option("fql_plan")
    if not plan:
        raise UsageError(
            "alembic.ini does not say which plan to capture for",
            hint="below [alembic]: fql_plan = %(here)s/plan.json",
        )
    return planned(plan, config.get_main_option("fql_settings"))


def _environment(ctx: Any) -> Any:
    return ctx.environment_context
