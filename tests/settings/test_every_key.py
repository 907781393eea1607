"""Every key of `fql.toml` has a test that shows its effect; this table is held against both."""

from __future__ import annotations

import pytest
from tests.settings.named import exists
from tests.settings.test_every_block_key import BATCHES, RECEIVING
from tests.settings.test_every_block_key import POLICIES as OF_SENDING

from fql.plan.policy.table import POLICIES
from fql.settings.reading import every_key

SHOWN_AS_POLICY = OF_SENDING | RECEIVING | BATCHES
COPIES = "app/letters/test_copies.py::"
IN_NATS = "app/letters/test_letters_nats.py::test_the_stream_has_all_and_the_bucket_the_open"
FILES = "store/test_letter_files.py::"
SWITCH = "settings/test_policies_in_plan.py::test_tables_can_be_switched_off"
RUN = "cli_runtime/test_run.py::"
EFFECTS = "settings/test_effects.py::"
SEEN = "observe/test_settings.py::"
FEED = RUN + "test_store_name_and_source_of_the_settings"
TABLE = RUN + "test_rows_of_a_table_survive_kill_9"
SERVER = "settings/test_databases.py::test_a_source_on_a_server_takes_its_keys"
HTTP = "http_intake/test_life.py::"
INIT = "cli_runtime/test_whole_path.py::test_project_of_init_runs_with_its_own_receiver"

OF_POLICIES = {key.toml: SHOWN_AS_POLICY[name] for name, key in POLICIES.items() if key.toml}
"""The tests of policies have the level `fql.toml` among others."""

SHOWN_BY = OF_POLICIES | {
    **dict.fromkeys(
        ("ui.listen", "ui.token", "ui.hosts", "ui.read_only", "ui.page_size"),
        "ui/test_command.py::test_settings_of_the_page",
    ),
    "ui.payloads": "ui/test_payloads.py::test_what_is_marked_is_nowhere",
    **dict.fromkeys(
        ("secrets.folders", "secrets.env_file"),
        "operate/test_secrets.py::test_the_first_hit_wins",
    ),
    "project.name": FEED,
    "project.exclude": "cli_compiler/test_project.py::test_exclude_leaves_files_out_of_folders",
    "project.files": INIT,
    "project.version": "cli_compiler/test_export.py::test_the_version_is_that_of_the_settings",
    "project.calls": RUN + "test_functions_of_the_settings_are_called",
    "webhooks.test_url": EFFECTS + "test_requests_go_to_the_test_url",
    "webhooks.batching.enabled": SWITCH,
    "webhooks.rate_limiting.enabled": SWITCH,
    "webhooks.dlq.table": EFFECTS + "test_table_of_dead_letters_has_the_name_of_the_settings",
    "webhooks.dlq.backend": COPIES + "test_dead_letters_are_copied_and_closed",
    "webhooks.dlq.enabled": COPIES + "test_the_copy_can_be_switched_off_and_the_queue_stays",
    "webhooks.dlq.stream": IN_NATS,
    "webhooks.dlq.bucket": IN_NATS,
    "webhooks.dlq.path": RUN + "test_dead_letters_are_copied_to_a_file_beside_the_settings",
    "webhooks.dlq.rotation": FILES + "test_without_compression_or_rotation",
    "webhooks.dlq.compress": FILES + "test_without_compression_or_rotation",
    "webhooks.dispatch.max_queue_size": EFFECTS
    + "test_work_beyond_max_queue_size_waits_in_the_store",
    "webhooks.dispatch.crash_budget": EFFECTS
    + "test_crashes_in_a_row_past_the_budget_make_an_action_dead",
    "webhooks.dispatch.async": EFFECTS + "test_emit_waits_for_its_runs_where_dispatch_is_not_async",
    "webhooks.dispatch.drain": "operate/test_stop.py::test_a_drain_has_an_end",
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
    "store.max_open": "store/nats/test_store.py::test_max_open_of_the_settings",
    "store.keep_unmatched": "app/test_unmatched.py::test_none_is_kept_with_keep_unmatched_of_0",
    "store.keep_runs": EFFECTS + "test_finished_runs_are_not_kept_with_keep_runs_of_zero",
    "sources.NAME.sqlite.kind": TABLE,
    "sources.NAME.sqlite.database": TABLE,
    "sources.NAME.sqlite.poll": "intake/test_outbox_sqlite.py"
    "::test_poll_is_the_shortest_time_between_two_looks",
    "sources.NAME.sqlite.triggers": "intake/test_outbox_sqlite.py"
    "::test_missing_triggers_are_refused_unless_they_are_optional",
    "sources.NAME.sqlite.install": "intake/test_outbox_sqlite.py"
    "::test_missing_triggers_are_made_where_the_settings_say_so",
    "sources.NAME.postgresql.kind": SERVER,
    "sources.NAME.postgresql.url": SERVER,
    "sources.NAME.postgresql.poll": "settings/test_databases.py"
    "::test_a_source_on_a_server_takes_its_keys",
    "sources.NAME.postgresql.triggers": "settings/test_databases.py"
    "::test_a_source_on_a_server_takes_its_keys",
    "sources.NAME.postgresql.install": "settings/test_databases.py"
    "::test_a_source_on_a_server_takes_its_keys",
    "store.engines": "app/test_on_postgresql.py::test_engines_share_the_work_or_one_stands_by",
    "store.schema": "settings/test_databases.py::test_the_schema_of_the_store",
    "webhooks.dlq.schema": "settings/test_databases.py::test_keys_of_the_backend",
    "webhooks.dlq.url": "settings/test_databases.py::test_keys_of_the_backend",
    "sources.NAME.json_lines.kind": FEED,
    "sources.NAME.json_lines.path": FEED,
    "sources.NAME.nats.kind": "intake/test_nats.py"
    "::test_each_message_is_sent_once_also_after_a_restart",
    "sources.NAME.nats.stream": "intake/test_nats.py"
    "::test_each_message_is_sent_once_also_after_a_restart",
    "sources.NAME.nats.subjects": "intake/test_nats.py"
    "::test_only_the_subjects_are_read_and_what_matches_nothing_is_told",
    "contracts.source": "cli_compiler/test_contract.py"
    "::test_update_writes_what_is_served_and_tells_what_changes_in_use",
    "contracts.headers": "cli_compiler/test_contract.py"
    "::test_headers_are_not_shown_to_another_host",
    "nats.url": "settings/test_nats.py::test_the_addresses_of_nats",
    "nats.credentials": "settings/test_nats.py::test_credentials_are_a_file_or_what_is_in_it",
    "sources.NAME.http.kind": HTTP + "test_events_come_by_http_and_survive_kill_9",
    "sources.NAME.http.listen": HTTP + "test_it_listens_where_the_settings_say",
    "sources.NAME.http.token": HTTP + "test_tokens_are_changed_without_a_new_start",
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


def test_every_key_has_a_test() -> None:
    assert SHOWN_BY.keys() == set(every_key())


@pytest.mark.parametrize("test", sorted(set(SHOWN_BY.values())))
def test_the_tests_named_here_exist(test: str) -> None:
    assert exists(test)
