"""Each service answers as its file of cases says. `python -m tests.accept` writes the answers."""

from __future__ import annotations

import pytest

from tests.services.asking import SERVICES, answered
from tests.services.reading import HERE


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_answers_as_its_cases_say(service: str) -> None:
    """The answers of all cases of a service."""
    assert answered(service) == (HERE / f"{service}.txt").read_text(encoding="utf-8")


def test_every_service_has_cases_and_no_file_is_about_nothing() -> None:
    """One file a service."""
    assert {path.stem for path in HERE.iterdir()} == set(SERVICES)
