"""Faults planted in the choice of the active plan, and in probes of receivers."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

ALL = "tests/shards/test_plans.py::test_a_plan_is_for_all_engines_and_a_restart_does_not_bring_an_old_one_back"  # noqa: E501
PROBED = "tests/engine/test_core.py::test_a_person_has_an_open_circuit_probed_now"
ORDERS = "runtime/fql/engine/core/orders.py"

MUTANTS = (
    Mutant(
        "a commit under an older plan counts",
        "runtime/fql/store/postgresql/writing/session.py",
        "NOT EXISTS (SELECT FROM {s}.fql_active WHERE generation > $3)",
        "$3::bigint IS NOT NULL",
        ALL,
    ),
    Mutant(
        "a plan that was active before never is again",
        "runtime/fql/store/postgresql/writing/plans.py",
        "int8(int(again))",
        "int8(0)",
        ALL,
    ),
    Mutant(
        "the first of all plans is the active one",
        "runtime/fql/store/postgresql/writing/plans.py",
        '_NOW = "SELECT generation, short FROM {s}.fql_active ORDER BY generation DESC LIMIT 1"',
        '_NOW = "SELECT generation, short FROM {s}.fql_active ORDER BY generation LIMIT 1"',
        ALL,
    ),
    Mutant(
        "a restart brings its old plan back",
        "runtime/fql/app/planning.py",
        "known = [] if self._shared is None else await self._shared.activations()",
        "known: list[Active] = []",
        ALL,
    ),
    Mutant(
        "an engine that cannot work by the plan keeps its work",
        "runtime/fql/app/planning.py",
        "            leading.step_down(problem)\n",
        "",
        "tests/shards/test_plans.py::test_an_engine_that_cannot_work_by_the_plan_hands_its_events_in_until_it_can",
    ),
    Mutant(
        "`store activate` does not go back",
        "runtime/fql/cli/stored/activate.py",
        "await store.activate(plan, again=True)",
        "await store.activate(plan, again=False)",
        "tests/cli_runtime/test_postgresql.py::test_a_plan_is_activated_as_a_step_of_its_own",
    ),
    Mutant(
        "a probe waits for what the receiver asked for",
        ORDERS,
        "    endpoint.blocked_until = min(endpoint.blocked_until, state.now)\n",
        "",
        "tests/engine/test_core.py::test_a_probe_goes_also_where_the_receiver_asked_to_be_left_alone",
    ),
    Mutant(
        "a probe waits until something is due",
        ORDERS,
        "        state.timers.set(first, state.now)\n",
        "        pass\n",
        PROBED,
    ),
    Mutant(
        "a receiver that is well is probed",
        ORDERS,
        "if endpoint is None or not endpoint.circuit.is_open:",
        "if endpoint is None:",
        PROBED,
    ),
)
