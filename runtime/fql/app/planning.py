"""Which plan a runtime works by: the one that it was given, or, where engines share a store, the
one that is active there. Decision 0222."""

from __future__ import annotations

from fql.app.sending import Sending
from fql.engine.loop.clock import Clock
from fql.engine.loop.sharing.following import Programs
from fql.engine.process.leading import Leading
from fql.engine.program.model import Program
from fql.errors import FqlError, StoreError
from fql.observe.logs import logger
from fql.observe.watch import Watch
from fql.plan.model import Plan
from fql.settings.secrets import Secrets
from fql.store.plans import plan_of
from fql.store.port import Store
from fql.store.records import StoredPlan
from fql.store.sharing.port import Active, SharedStore


class Planning:
    """The current plan and its program. `observed` shows its observers."""

    def __init__(
        self, plan: Plan, sending: Sending, store: Store, *,
        environment: Secrets, observed: Watch, clock: Clock,
    ) -> None:  # fmt: skip
        self._sending = sending
        self._store = store
        self._shared = store if isinstance(store, SharedStore) else None
        self._environment = environment
        self._observed = observed
        self._clock = clock
        self.plan = plan
        self.program = sending.program(plan)

    async def choose(self) -> None:
        """Before an engine starts: a plan that this store has left for another one is not brought
        back by a process that starts with it. Raises MissingSecrets, PlanError, SettingsError,
        StoreError."""
        known = [] if self._shared is None else await self._shared.activations()
        own = self.program.short
        if not known or known[-1].short == own or all(one.short != own for one in known):
            return
        plan, _ = await self._stored(known[-1].short)
        with self._environment.renewed():
            self._use(plan, self._sending.program(plan))
        logger.warning(
            "plan %s was active on this store before, and now plan %s is: this process works by"
            " that one; `fqlc store activate` goes back",
            own, known[-1].short,
        )  # fmt: skip

    async def adopt(self, short: str, leading: Leading) -> Programs:
        """Work by a plan that others have activated. Where this process cannot, it gives its work
        to them. Raises StoreError."""
        try:
            return await self._adopted(short, leading)
        except StoreError:
            raise
        except FqlError as problem:
            leading.step_down(problem)
            raise StoreError(problem.message) from problem

    async def _adopted(self, short: str, leading: Leading) -> Programs:
        plan, stored = await self._stored(short)
        with self._environment.renewed():
            program = self._sending.program(plan)
            await leading.follow(plan)
        self._use(plan, program)
        return program, self._sending.stored_programs(stored, plan)

    async def change(self, plan: Plan, leading: Leading) -> None:
        """Work by this plan, and let all engines of the store do so. Raises MissingSecrets,
        SettingsError, StoreError; then nothing has changed."""
        with self._environment.renewed():
            program = self._sending.program(plan)
            await leading.follow(plan)
        try:
            active = await self._activated(program)
        except StoreError:
            await leading.follow(self.plan)
            raise
        self._use(plan, program)
        engine = leading.engine
        if engine is not None:
            stored, _ = await self._store.plans()
            if active is not None:
                engine.work_by(active)
            engine.switch(program, self._sending.stored_programs(stored, plan))
            await engine.submit(())

    async def _activated(self, program: Program) -> Active | None:
        if self._shared is None:
            return None
        return await self._shared.activate(program.stored(self._clock.now()), again=True)

    def _use(self, plan: Plan, program: Program) -> None:
        self.plan, self.program = plan, program
        self._observed.expect(plan)

    async def _stored(self, short: str) -> tuple[Plan, list[StoredPlan]]:
        stored, _ = await self._store.plans()
        for one in stored:
            if one.short == short:
                return plan_of(one), stored
        raise StoreError(f"the store lacks its active plan {short}")
