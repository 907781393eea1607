"""Every key of `fql.toml` has a test that shows its effect; this table is held against both."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from fql.plan.settings import every_key

TESTS = Path(__file__).parents[1]
PLAN = "settings/test_policies_in_plan.py::test_policy_of_the_file_is_in_the_plan"
SWITCH = "settings/test_policies_in_plan.py::test_tables_can_be_switched_off"
RUN = "cli_runtime/test_run.py::"
EFFECTS = "settings/test_effects.py::"
SEEN = "observe/test_settings.py::"
FEED = RUN + "test_store_name_and_source_of_the_settings"
TABLE = RUN + "test_rows_of_a_table_survive_kill_9"
INIT = "cli_runtime/test_whole_path.py::test_project_of_init_runs_with_its_own_receiver"

POLICIES = (
    "timeout", "max_age", "max_response", "concurrency",
    "retry.max_attempts", "retry.backoff", "retry.initial_delay", "retry.max_delay",
    "retry.multiplier", "retry.jitter", "retry.retry_on", "retry.dont_retry_on",
    "retry.retry_after_max", "retry.max_elapsed",
    "circuit.failures", "circuit.open_for", "circuit.probes",
    "signing.enabled", "signing.scheme", "signing.algorithm", "signing.secret",
    "signing.header", "signing.timestamp_header",
    "batching.batch_size", "batching.timeout",
    "rate_limiting.max_per_second", "rate_limiting.burst",
)  # fmt: skip

SHOWN_BY = {f"webhooks.{key}": PLAN for key in POLICIES} | {
    "project.name": FEED,
    "project.files": INIT,
    "webhooks.test_url": EFFECTS + "test_requests_go_to_the_test_url",
    "webhooks.batching.enabled": SWITCH,
    "webhooks.rate_limiting.enabled": SWITCH,
    "webhooks.dlq.table": EFFECTS + "test_table_of_dead_letters_has_the_name_of_the_settings",
    "webhooks.dlq.backend": RUN + "test_settings_that_cannot_be_carried_out_are_refused",
    "webhooks.dispatch.async": EFFECTS + "test_emit_waits_for_its_runs_where_dispatch_is_not_async",
    "webhooks.dispatch.timeout": EFFECTS + "test_emit_waits_no_longer_than_the_timeout_of_dispatch",
    "webhooks.dispatch.background_retry": EFFECTS
    + "test_without_background_retry_the_first_failure_is_dead",
    "webhooks.dispatch.max_in_flight": EFFECTS + "test_no_more_requests_at_once_than_max_in_flight",
    "webhooks.dlq.retention": EFFECTS + "test_dead_letters_go_past_retention_and_size",
    "webhooks.dlq.max_size": EFFECTS + "test_dead_letters_go_past_retention_and_size",
    "store.remember": EFFECTS + "test_keys_are_remembered_as_long_and_as_many_as_the_settings_say",
    "store.remember_max": EFFECTS
    + "test_keys_are_remembered_as_long_and_as_many_as_the_settings_say",
    "store.max_size": EFFECTS + "test_finished_runs_go_past_the_size_of_the_store",
    "store.url": FEED,
    "store.keep_runs": EFFECTS + "test_finished_runs_are_not_kept_with_keep_runs_of_zero",
    "sources.NAME.sqlite.kind": TABLE,
    "sources.NAME.sqlite.database": TABLE,
    "sources.NAME.sqlite.poll": "intake/test_outbox_sqlite.py"
    "::test_poll_is_the_shortest_time_between_two_looks",
    "sources.NAME.json_lines.kind": FEED,
    "sources.NAME.json_lines.path": FEED,
    "egress.allow": EFFECTS + "test_receiver_that_is_not_allowed_gets_nothing",
    "egress.ports": "cli_runtime/test_doctor.py::test_low_port_needs_to_be_opened",
    "observability.prometheus.enabled": SEEN + "test_metrics_are_off_without_their_table",
    "observability.prometheus.host": SEEN + "test_metrics_are_served_at_host_and_port",
    "observability.prometheus.port": SEEN + "test_metrics_are_served_at_host_and_port",
    "observability.prometheus.namespace": SEEN + "test_namespace_is_the_prefix_of_every_series",
    "observability.tracing.enabled": SEEN + "test_traces_are_off_without_their_table",
    "observability.logging.level": EFFECTS + "test_level_of_the_logs",
    "observability.logging.format": EFFECTS + "test_format_of_the_logs",
}

WITHOUT_TEST = {
    "webhooks.dlq.enabled", "webhooks.dlq.path", "webhooks.dlq.rotation", "webhooks.dlq.compress",
    "webhooks.dispatch.max_queue_size", "webhooks.dispatch.crash_budget",
}  # fmt: skip
"""Keys whose effect no test of the settings shows yet. This set may only become smaller."""


def test_every_key_has_a_test_or_is_known_to_lack_one() -> None:
    assert SHOWN_BY.keys() | WITHOUT_TEST == set(every_key())
    assert not SHOWN_BY.keys() & WITHOUT_TEST
    assert len(WITHOUT_TEST) <= 9


@pytest.mark.parametrize("test", sorted(set(SHOWN_BY.values())))
def test_the_tests_named_here_exist(test: str) -> None:
    file, _, name = test.partition("::")
    tree = ast.parse((TESTS / file).read_text("utf-8"))
    found = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert name in found
