"""The application: after each `migrate`, triggers are put back."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.core.management.base import CommandError
from django.db import connections, transaction
from django.db.models.signals import post_migrate

from fql.contrib.django import given
from fql.contrib.django.comparing import compare
from fql.errors import FqlError


class FqlConfig(AppConfig):  # type: ignore[misc]
    """Connects what Django calls."""

    name = "fql.contrib.django"
    label = "fql"

    def ready(self) -> None:
        """Called by Django when all models are there."""
        post_migrate.connect(install, sender=self, dispatch_uid="fql.contrib.django")
        checks.register(compare, checks.Tags.models)


def install(*, using: str, verbosity: int = 1, stdout: Any = None, **_: object) -> None:
    """For `post_migrate`: create or renew the triggers of `FQL_PLAN`. Raises CommandError, after
    the migration, where tables and plan disagree or the plan cannot be read."""
    if using != given.database():
        return
    try:
        wanted = given.read()
        with transaction.atomic(using):
            made = wanted.install(connections[using])
    except FqlError as error:
        raise CommandError(
            f"the migration is done, but changes are not captured: {error.message}; {error.hint}"
        ) from error
    if verbosity and made and stdout is not None:
        stdout.write(f"  Capture installed: {', '.join(made)}\n")
