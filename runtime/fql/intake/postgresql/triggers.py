"""Whether what a PostgreSQL database captures is what the plan needs: looked at closely after each
change of its catalogs, which one hashed query tells. Installed again where that is wanted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fql.errors import FqlError
from fql.intake.voice import Voice
from fql.outbox.health import INSTALL, Judgement, Wanted, installed_again, judged
from fql.outbox.postgresql.capture.needs import tables_of
from fql.outbox.postgresql.catalog import fingerprint, revisions_of
from fql.outbox.postgresql.connection import Connection
from fql.outbox.postgresql.installing import install
from fql.outbox.postgresql.names import Names
from fql.outbox.postgresql.status import compared
from fql.plan.model import Plan


@dataclass(slots=True)
class Triggers:
    """The triggers of one project. `usable` says whether its outbox can be read, `revisions` under
    which number the function of each entity was last made."""

    names: Names
    voice: Voice
    wanted: Wanted = "required"
    install: bool = False
    usable: bool = False
    revisions: Mapping[str, int] = field(default_factory=dict)
    _known: str = ""
    _advised: str = ""
    _well_at: float = field(default_factory=time.time)

    def look(self, connection: Connection, plan: Plan) -> None:
        """Say what is wrong, where something has changed since it was right."""
        known = f"{plan.digest} {fingerprint(connection, tables_of(plan), self.names)}"
        if known == self._known:
            return
        judgement = self.judge(connection, plan)
        self.voice.captured(judgement.captured)
        if judgement.trouble:
            since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self._well_at))
            text = f"{judgement.trouble}; changes since {since} may be missing"
            if not self.voice.has("capture"):
                self.voice.trouble("capture", text, INSTALL)
            return
        self._well_at = time.time()
        self.voice.mended("capture", "changes are captured again")
        if judgement.advice and judgement.advice != self._advised:
            self.voice.warn(f"{judgement.advice}; {INSTALL}")
        self._advised = judgement.advice
        # What was installed just now has changed the catalogs: the next look compares once more.
        self._known = known

    def is_older(self, entity: str, revision: int | None) -> bool:
        """Whether a row of this entity was written before its function was last made."""
        return revision is not None and revision < self.revisions.get(entity, 0)

    def judge(self, connection: Connection, plan: Plan) -> Judgement:
        """What is wrong for this plan, after triggers were installed where that is wanted."""
        self._known = ""
        status = compared(connection, plan, self.names)
        found = judged(status, self.wanted)
        if self.install and (found.trouble or found.advice):
            try:
                status, changed = install(connection, plan, self.names)
            except FqlError as error:
                trouble = found.trouble and f"{found.trouble}; {error.message}"
                return replace(found, trouble=trouble)
            self.voice.warn(installed_again(found, changed.made))
            found = judged(status, self.wanted)
        self.usable = status.outbox
        self.revisions = revisions_of(connection, self.names)
        return found
