"""Every key of every block has a test that shows its effect at a receiver or on the engine; this
table is held against the table that the checker reads, and against the tests."""

from __future__ import annotations

import pytest
from tests.settings.named import exists
from tests.settings.test_retry_keys import RETRIES as RETRY_CASES

from fqlc.checks.table.blocks import BLOCKS, keys_of

RETRIES = "settings/test_retry_keys.py::"
SENDING = "settings/test_sending_keys.py::"
KEYS = "settings/test_block_keys.py::"
TESTS = "cli_compiler/test_test.py::"
MESSAGES = "settings/test_message_keys.py::"
CALLS = "actions/test_call.py::"
ACCEPTS = "checks/test_publish_and_call.py::test_what_is_sensitive_is_sent_where_it_is_accepted"

CONTRACTS = "contracts/test_binding.py::"

POLICIES = {
    "retry": RETRIES + "test_retry_by_name",
    **{f"retry.{key}": RETRIES + "test_retry_key" for key in RETRY_CASES},
    "timeout": SENDING + "test_timeout",
    "max_age": RETRIES + "test_max_age",
    "max_body": SENDING + "test_max_body",
    "max_response": SENDING + "test_max_response",
    "signing": SENDING + "test_signing",
    "signing.enabled": SENDING + "test_signing_can_be_switched_off",
    "signing.scheme": SENDING + "test_signing",
    "signing.secret": SENDING + "test_signing",
    "signing.algorithm": SENDING + "test_signing",
    "signing.header": SENDING + "test_signing",
    "signing.timestamp_header": SENDING + "test_signing",
    "encryption": SENDING + "test_encryption_of_the_whole_body",
    "encryption.algorithm": SENDING + "test_encryption_of_the_whole_body",
    "encryption.key": SENDING + "test_encryption_of_the_whole_body",
    "encryption.fields": SENDING + "test_encryption_of_fields",
    "encryption.kid": SENDING + "test_encryption_of_fields",
    "auth": SENDING + "test_auth",
    **{
        f"auth.{key}": SENDING + "test_auth"
        for key in ("type", "token", "username", "password", "header", "value")
    },
    **{
        f"auth.{key}": SENDING + "test_auth_oauth2"
        for key in ("token_url", "client_id", "client_secret", "scope")
    },
    **{f"auth.{key}": SENDING + "test_auth_mtls" for key in ("certificate", "key", "ca")},
    "headers": SENDING + "test_headers",
}
"""Policies of sending: each of these tests runs at every level that takes them."""

RECEIVING = {
    "rate_limit": RETRIES + "test_rate_limit",
    "rate_limit.max_per_second": RETRIES + "test_rate_limit",
    "rate_limit.burst": RETRIES + "test_rate_limit",
    "concurrency": SENDING + "test_concurrency",
    "circuit": RETRIES + "test_circuit",
    "circuit.failures": RETRIES + "test_circuit",
    "circuit.open_for": RETRIES + "test_circuit",
    "circuit.probes": RETRIES + "test_circuit_probes",
}

BATCHES = {
    "batch": RETRIES + "test_batch_size",
    "batch.size": RETRIES + "test_batch_size",
    "batch.timeout": RETRIES + "test_batch_timeout",
}

OF_KINDS = {
    "when": MESSAGES + "test_when",
    "retry": MESSAGES + "test_policies",
    **{f"retry.{key}": RETRIES + "test_retry_key" for key in RETRY_CASES},
    "timeout": MESSAGES + "test_policies",
    "max_age": MESSAGES + "test_max_age",
}
"""What `publish` and `call` have in common. The engine reads `retry` of every kind alike."""

EXPECTATIONS = (
    "expect", "expect.sent", "expect.skipped", "expect.dead", "expect.attempts", "expect.bodies",
)  # fmt: skip

SHOWN_BY: dict[str, dict[str, str]] = {
    "observer": {
        "on": KEYS + "test_on",
        "when": KEYS + "test_when_of_observer_and_webhook",
        "order_by": KEYS + "test_order_by",
        "order_by.by": KEYS + "test_order_by",
        "order_by.on_dead": KEYS + "test_order_by_on_dead",
        **POLICIES,
    },
    "webhook": {
        "url": KEYS + "test_url_of_a_webhook",
        "endpoint": KEYS + "test_endpoint_path_method_and_body",
        "path": KEYS + "test_endpoint_path_method_and_body",
        "method": KEYS + "test_endpoint_path_method_and_body",
        "body": KEYS + "test_endpoint_path_method_and_body",
        "format": KEYS + "test_the_format_of_a_body",
        "when": KEYS + "test_when_of_observer_and_webhook",
        "response": KEYS + "test_response",
        **dict.fromkeys(("contract", "contract.body", "contract.response"),
                        CONTRACTS + "test_json_schemas_of_a_webhook"),
        **BATCHES,
        **POLICIES,
    },
    "publish": {
        **dict.fromkeys(("subject", "headers", "body"),
                        MESSAGES + "test_subject_headers_and_body_of_a_message"),
        "accepts": ACCEPTS,
        **OF_KINDS,
        "max_body": MESSAGES + "test_max_body",
    },
    "call": {
        **dict.fromkeys(("function", "arguments"),
                        MESSAGES + "test_function_and_arguments_of_a_call"),
        "response": MESSAGES + "test_response_and_what_later_actions_see",
        "accepts": ACCEPTS,
        **OF_KINDS,
        "max_response": CALLS + "test_what_is_returned_beyond_max_response_is_refused",
    },
    "endpoint": {
        "url": KEYS + "test_endpoint_path_method_and_body",
        "accepts": KEYS + "test_accepts",
        "contract": CONTRACTS + "test_a_url_is_bound_by_what_is_written_in_it",
        **POLICIES,
        **RECEIVING,
    },
    "retry": dict.fromkeys(RETRY_CASES, RETRIES + "test_retry_key"),
    "defaults": {**POLICIES, **RECEIVING},
    "test": {
        "observer": TESTS + "test_tests_run_without_a_network",
        "event": TESTS + "test_tests_run_without_a_network",
        "old": KEYS + "test_rows_and_headers_of_tests",
        "new": KEYS + "test_rows_and_headers_of_tests",
        "respond": TESTS + "test_tests_run_without_a_network",
        "respond.status": TESTS + "test_tests_run_without_a_network",
        "respond.body": TESTS + "test_tests_run_without_a_network",
        "respond.delay": TESTS + "test_an_answer_that_comes_too_late_is_none",
        "respond.headers": KEYS + "test_rows_and_headers_of_tests",
        "respond.failure": TESTS + "test_tests_run_without_a_network",
        **dict.fromkeys(EXPECTATIONS, TESTS + "test_each_expectation_can_fail"),
        **dict.fromkeys(("expect.subjects", "expect.arguments"),
                        MESSAGES + "test_expectations_of_subjects_and_arguments"),
    },
}  # fmt: skip


def test_every_block_is_here() -> None:
    assert SHOWN_BY.keys() == BLOCKS.keys()


@pytest.mark.parametrize("block", sorted(BLOCKS))
def test_every_key_has_a_test(block: str) -> None:
    assert SHOWN_BY[block].keys() == {name for name, _key in keys_of(BLOCKS[block])}


@pytest.mark.parametrize("test", sorted({t for tests in SHOWN_BY.values() for t in tests.values()}))
def test_the_tests_named_here_exist(test: str) -> None:
    assert exists(test)
