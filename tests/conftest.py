"""What holds for all tests: they leave the caches of whoever runs them alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of compiles for this run only, for this process and those that it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FQLC_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield
