"""The pytest plugin: the fixture `webhook_server`, a running `MockWebhookServer`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fql.testing.server import MockWebhookServer


@pytest.fixture
def webhook_server() -> Iterator[MockWebhookServer]:
    """A receiver on a free loopback port, stopped after the test.

    Runtimes that the test makes, in any thread, may send to this machine without an `[egress]`
    setting.
    """
    # Imported here, so that test runs that do not use it start no slower.
    from fql.actions.receivers import ALLOWED_IN_TESTS
    from fql.plan.web.addresses import LOOPBACK
    from fql.testing.server import MockWebhookServer

    with MockWebhookServer() as server, ALLOWED_IN_TESTS.held(LOOPBACK.allow):
        yield server
