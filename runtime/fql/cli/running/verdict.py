"""Whether something is dead at the end of a run, for `--fail-on-dead`."""

from __future__ import annotations

import time
from contextlib import suppress

from fql.app import Runtime
from fql.engine.process.receipts import Summary
from fql.errors import StoreError
from fql.store.shown import instant


class Verdict:
    """What died while this engine worked and is dead still. What was dead before is somebody
    else's; what died and was replayed since, to a good end, is not dead."""

    def __init__(self) -> None:
        self._begun = int(time.time() * 1000)
        self._died = 0
        self._dead = False

    async def look(self, runtime: Runtime) -> None:
        """Once nothing more is begun: what is dead of what has died. A store that does not answer
        acquits nobody."""
        self._died = runtime.status().dead
        self._dead = self._died > 0
        if self._dead:
            with suppress(StoreError):
                since = instant(self._begun - 1)
                self._dead = await runtime.client.dead_letter_number(failed_after=since) > 0

    def failed(self, summary: Summary) -> bool:
        """At the very end; what died after the look, while the engine stopped, is dead."""
        return self._dead or summary.dead > self._died or summary.refused > 0
