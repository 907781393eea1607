"""The examples beside a framework, as processes of their own, with a kill -9: all arrives."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from fql.testing import MockWebhookServer
from tests.frameworks.story import Story

pytestmark = pytest.mark.timeout(200)
FIRST, SECOND = ["o1", "o2"], ["o3", "o4"]


@pytest.fixture
def receiver() -> Iterator[MockWebhookServer]:
    with MockWebhookServer() as server:
        yield server


@pytest.mark.parametrize(
    ("name", "command"),
    [
        pytest.param(
            "10_fastapi", "uvicorn app:app --workers 2 --log-level warning --port {port}",
            marks=pytest.mark.soak,  # example 09 runs FastAPI as well
        ),
        ("11_flask", "gunicorn app:app --bind 127.0.0.1:{port}"),
    ],
)  # fmt: skip
def test_the_engine_among_web_workers_is_killed(
    name: str, command: str, tmp_path: Path, receiver: MockWebhookServer
) -> None:
    """Another worker takes over, and what was acknowledged is sent."""
    receiver.always(503)
    with (
        Story(name, tmp_path, receiver) as story,
        story.process(*command.format(port=story.port).split()),
    ):
        for order in FIRST:
            story.place(order)
        killed = story.engine()
        os.kill(killed, signal.SIGKILL)
        receiver.clear()
        receiver.always(200)
        for order in SECOND:
            story.place(order)
        story.is_complete([*FIRST, *SECOND], "/pack")
        assert story.engine() != killed


def test_django(tmp_path: Path, receiver: MockWebhookServer) -> None:
    """The web server knows nothing of the engine, which is killed and started again."""
    with Story("12_django", tmp_path, receiver) as story:
        django_story(story, receiver)


def django_story(story: Story, receiver: MockWebhookServer) -> None:
    story.do("python", "manage.py", "migrate", "--verbosity", "0")
    server = ["python", "manage.py", "runserver", "--noreload", str(story.port)]
    with story.process(*server):
        with story.process("python", "manage.py", "fql", "run") as engine:
            receiver.always(503)
            for order in FIRST:
                story.place(order)
            assert receiver.wait_for(1, 60)
            engine.kill()
        receiver.clear()
        receiver.always(200)
        for order in SECOND:
            story.place(order)
        with story.process("python", "manage.py", "fql", "run"):
            story.is_complete([*FIRST, *SECOND], "/pack", "/mail")


@pytest.mark.soak
def test_celery(tmp_path: Path, receiver: MockWebhookServer) -> None:
    """Each task fails after it has handed its event over, and is run again: it is sent once."""
    with Story("13_celery", tmp_path, receiver) as story:
        celery_story(story, receiver)


def celery_story(story: Story, receiver: MockWebhookServer) -> None:
    code = "import sys, tasks\nfor order in sys.argv[1:]: tasks.place.delay(order, '12.50')"
    worker = "celery -A tasks worker --concurrency 1 --loglevel error --without-gossip"
    with story.process(*worker.split(), "--without-mingle"):
        with story.process("fqlc", "run", "plan.json") as engine:
            receiver.always(503)
            story.do("python", "-c", code, *FIRST, *SECOND)
            assert receiver.wait_for(1, 60)
            engine.kill()
        receiver.clear()
        receiver.always(200)
        with story.process("fqlc", "run", "plan.json"):
            story.is_complete([*FIRST, *SECOND], "/pack")
    assert receiver.call_count == len(FIRST) + len(SECOND)
