"""Alert rules for Prometheus, as data and as the file that it reads.

Each expression aggregates away the labels that would keep its two sides from meeting, so that it
can fire; tests/observe/test_alerts.py evaluates each over real samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fql.exact.writing import json_text


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule. `expression` and the texts hold `NS` for the namespace; `lasting` is how long the
    expression must hold before it fires."""

    name: str
    expression: str
    lasting: str
    severity: str
    summary: str
    advice: str


ALERTS = (
    Alert(
        "FqlWebhookFailureRate",
        "sum by (observer) (rate(NS_webhook_failures_total[5m]))"
        " / sum by (observer) (rate(NS_webhook_total[5m])) > 0.05",
        "0s",
        "warning",
        "{{ $value | humanizePercentage }} of the attempts of {{ $labels.observer }} fail",
        "See the reasons in NS_webhook_failures_total, then `fqlc dlq list`.",
    ),
    Alert(
        # Every process on a shared store reports its dead letters: the maximum counts them once.
        "FqlDeadLetters",
        "sum(max by (observer) (NS_dlq_size)) > 1000",
        "0s",
        "warning",
        "{{ $value }} dead letters wait",
        "`fqlc dlq stats` shows whose they are; replay or discard them.",
    ),
    Alert(
        "FqlDeadLettersEvicted",
        "sum by (observer) (increase(NS_dead_letters_evicted_total[1h])) > 0",
        "0s",
        "critical",
        "dead letters of {{ $labels.observer }} were removed before anybody handled them",
        "They were too old or too many: see `retention` and `max_size` in [webhooks.dlq].",
    ),
    Alert(
        "FqlOldestDue",
        "max(NS_oldest_due_age_seconds) > 300",
        "0s",
        "critical",
        "work that could be sent has waited for {{ $value | humanizeDuration }}",
        "See NS_paused, NS_circuit_state and NS_limiter_waits_total for what holds it back.",
    ),
    Alert(
        "FqlCircuitOpen",
        'max by (endpoint) (NS_circuit_state{state=~"open|half_open"}) > 0',
        "2m",
        "warning",
        "the endpoint {{ $labels.endpoint }} keeps failing and is left alone",
        "Its work waits and spends no attempts; `fqlc doctor` tries the endpoint.",
    ),
    Alert(
        "FqlCaptureBroken",
        "min by (source, table) (NS_capture_ok) == 0",
        "0s",
        "critical",
        "changes of the table {{ $labels.table }} are not captured",
        "`fqlc capture status` says why; `fqlc capture install` makes the triggers again.",
    ),
    Alert(
        "FqlSourceTrouble",
        "min by (source) (NS_source_ok) == 0",
        "1m",
        "critical",
        "the source {{ $labels.source }} does not deliver as it should",
        "The log and `/ready` say what is wrong; nothing that was committed is lost.",
    ),
    Alert(
        "FqlSourceLag",
        "max by (source) (NS_source_lag_seconds) > 300",
        "0s",
        "warning",
        "events of the source {{ $labels.source }} have waited for {{ $value | humanizeDuration }}",
        "They are not stored yet: see NS_commit_seconds, NS_emit_queue and the log.",
    ),
    Alert(
        "FqlSourceRestored",
        "sum by (source) (increase(NS_source_restored_total[1h])) > 0",
        "0s",
        "warning",
        "the source {{ $labels.source }} went back to an older state",
        "An older copy of the database was restored, or its file was replaced: see the log.",
    ),
    Alert(
        "FqlStoreNearFull",
        "max(NS_store_bytes / NS_store_max_bytes) > 0.9",
        "5m",
        "warning",
        "the store has reached {{ $value | humanizePercentage }} of its max_size",
        "Past it finished runs are removed early; open work and dead letters stay.",
    ),
    Alert(
        "FqlDiskLow",
        "max(NS_disk_low) > 0",
        "5m",
        "critical",
        "less than a tenth or 1 GB of the disk of the store is free",
        "A full disk stops the intake of events: `fqlc store info`, and lower `keep_runs`.",
    ),
    Alert(
        # Also where nothing is scraped at all.
        "FqlNoEngine",
        "absent(NS_engine == 1)",
        "2m",
        "critical",
        "no process is the engine: nothing is sent",
        "See the supervisor and the log; `fqlc doctor` says what keeps it from starting.",
    ),
    Alert(
        "FqlReloadFailed",
        "max(NS_reload_failed) > 0",
        "0s",
        "warning",
        "the last reload failed: the plan and the secrets of before are in use",
        "The log says why; mend it and reload again.",
    ),
    Alert(
        "FqlSecretExpires",
        "min by (observer) (NS_secret_expires_seconds) < 604800",
        "0s",
        "warning",
        "in {{ $value | humanizeDuration }} {{ $labels.observer }} has no secret to sign with",
        "Add a secret with a later `not_after`; `fqlc doctor` names the actions.",
    ),
    Alert(
        "FqlBackupOld",
        "min(NS_backup_age_seconds) > 93600",
        "0s",
        "warning",
        "the last backup of the store is {{ $value | humanizeDuration }} old",
        "See the timer that runs `fqlc store backup`.",
    ),
    Alert(
        "FqlStoreErrors",
        "sum(increase(NS_store_errors_total[5m])) > 0",
        "0s",
        "critical",
        "the store did not take a commit",
        "See the log for the reason; nothing that was accepted is lost.",
    ),
)


def rules(namespace: str, runbooks: str = "") -> str:
    """The rules file (YAML) for series of this namespace. `runbooks` is where the page of each
    alert is: a URL with `{alert}` for its name, or one that the name is appended to."""
    return "".join(f"{line}\n" for line in _lines(namespace, runbooks))


def page_of(runbooks: str, alert: str) -> str:
    """The URL of an alert's page."""
    if "{alert}" in runbooks:
        return runbooks.replace("{alert}", alert)
    return f"{runbooks.rstrip('/')}/{alert}"


def _lines(namespace: str, runbooks: str) -> Iterator[str]:
    yield "groups:"
    yield "  - name: fql"
    yield "    rules:"
    for alert in ALERTS:
        yield f"      - alert: {alert.name}"
        yield f"        expr: {_quoted(alert.expression, namespace)}"
        yield f"        for: {alert.lasting}"
        yield "        labels:"
        yield f"          severity: {alert.severity}"
        yield "        annotations:"
        yield f"          summary: {_quoted(alert.summary, namespace)}"
        yield f"          description: {_quoted(alert.advice, namespace)}"
        if runbooks:
            yield f"          runbook_url: {json_text(page_of(runbooks, alert.name))}"


def _quoted(text: str, namespace: str) -> str:
    """A text with its namespace, quoted: a string of JSON is one of YAML."""
    return json_text(text.replace("NS_", f"{namespace}_"))
