"""The one door to a compile for commands: from the cache where nothing has changed, in parts where
the project is large, else as a whole. Nothing else decides between the three.

The compiler itself is imported only where the cache has no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from fql.collector import collector_at_rest, kept_for_good
from fqlc.diagnostics.compilation import Compilation
from fqlc.project.cache import Cache, Compiled, ContractShelf, Recorder
from fqlc.project.files import ProjectSources, working_folder
from fqlc.project.follower import Follower

if TYPE_CHECKING:
    from fqlc.checks.model import Surroundings
    from fqlc.incremental.kept import Kept
    from fqlc.pipeline import Checked

_WORTH_PARTS = 100_000
"""Characters of a project from which on it is compiled in parts; a smaller one takes no longer
than that would."""


@dataclass(frozen=True, slots=True)
class Door:
    """The sources of a command, and what the last compiles of them left. `again` says that others
    follow in this process, so that what one leaves must not stay; `follower` is told how it goes
    on."""

    sources: ProjectSources
    cache: Cache | None = None
    again: bool = False
    follower: Follower = field(default_factory=Follower)

    def check(self) -> Checked:
        """Check them here and now; the result holds the whole program."""
        return self.check_all()[0]

    def check_all(self) -> tuple[Checked, tuple[str, ...]]:
        """The same, with every file that was asked for."""
        recorder = self._recorder()
        with closing(self.follower):
            checked = self._checked(recorder)
        return checked, (*recorder.data, *filter(None, [self.sources.settings]))

    def diagnose(self) -> Compiled:
        """What is wrong with them, without a plan."""
        with closing(self.follower):
            return self._result(plan=False)

    def compile(self) -> Compiled:
        """What is wrong with them, and the plan if there are no errors."""
        with closing(self.follower):
            return self._result(plan=True)

    def _recorder(self) -> Recorder:
        def read(path: str) -> bytes | None:
            self.follower.read(path)
            return self.sources.read(path)

        return Recorder(read)

    def _result(self, *, plan: bool) -> Compiled:
        recorder = self._recorder()
        key = [str(working_folder()), self.sources.settings or "", *self.sources.roots]
        if self.sources.settings:
            recorder.read(self.sources.settings)
        found = self.cache.load(key, recorder.read, plan=plan) if self.cache else None
        self.follower.passed("cache, which has no answer" if found is None else "cache")
        if found is None:
            with collector_at_rest() if self.again else kept_for_good():
                done = self._parts(key, recorder, plan=plan) or self._whole(recorder, plan=plan)
            found = Compiled(done.plan, done.diagnostics, done.sources, tuple(recorder.data))
            if self.cache:
                self._keep(self.cache, key, recorder, found)
        return found

    def _keep(self, cache: Cache, key: Sequence[str], recorder: Recorder, found: Compiled) -> None:
        cache.save(key, recorder, found)
        if found.plan is not None and not self.sources.instead:
            from fqlc.project.known import keep_names

            keep_names(cache, self.sources.settings, found.plan)

    def _parts(self, key: Sequence[str], recorder: Recorder, *, plan: bool) -> Compilation | None:
        """The compilation from what is known of single declarations; None where that is not the
        way: the project is small, or something in it is an error."""
        roots = [recorder.read(root) or b"" for root in self.sources.roots]
        if sum(map(len, roots)) < _WORTH_PARTS and not any(b"import" in data for data in roots):
            return None
        from fqlc.checks.late_contracts import LateContracts
        from fqlc.incremental.contracts import Stamps
        from fqlc.incremental.layout import lay_out

        settings = recorder.read(self.sources.settings) if self.sources.settings else None
        salt = sha256(settings or b"").hexdigest()
        around = self._surroundings()
        stamps = Stamps(LateContracts(recorder.read, around.shelf))
        layout = lay_out(self.sources.roots, recorder.read, salt, self._kept(key), stamps)
        stamps.keep()
        if layout is None or layout.length < _WORTH_PARTS:
            return None
        from fqlc.incremental.compile import Request, compile_parts
        from fqlc.incremental.pool import processes, run

        request = Request(self.sources.roots, around, plan, processes())
        done = compile_parts(layout, request, run)
        if done is None:
            return None
        self.follower.passed(f"{done.worked_out:,} of {len(layout.units):,} parts")
        if self.cache and done.worked_out:
            from fqlc.incremental.kept import pack

            self.cache.save_parts(key, pack(done.kept))
        return done.compilation

    def _kept(self, key: Sequence[str]) -> Kept | None:
        """What the last compile left; None where that cannot be read."""
        from fqlc.incremental.kept import unpack

        try:
            return unpack(self.cache.load_parts(key)) if self.cache else None
        except (ValueError, KeyError, TypeError):
            return None

    def _whole(self, recorder: Recorder, *, plan: bool) -> Compilation:
        from fqlc.pipeline import plan_of

        checked = self._checked(recorder)
        made = plan_of(checked) if plan else None
        self.follower.passed("plan")
        return Compilation(made, checked.diagnostics, checked.sources)

    def _checked(self, recorder: Recorder) -> Checked:
        from fqlc.pipeline import check_project

        around = self._surroundings()
        return check_project(self.sources.roots, recorder.read, around, passed=self.follower.passed)

    def _surroundings(self) -> Surroundings:
        shelf = ContractShelf(self.cache, str(working_folder())) if self.cache else None
        return replace(self.sources.surroundings(), shelf=shelf)
