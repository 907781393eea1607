"""A Grafana dashboard for the series of `fql.observe.series.exposition`, as data.

Grafana replaces `$observer` and `$__rate_interval`; the data source is asked for at the import.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

OF = '{observer=~"$observer"}'
RATE = "[$__rate_interval]"
WIDTH, HEIGHT, COLUMNS = 8, 8, 24


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture: queries with their legends (`NS` stands for the namespace) and a unit."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]


def _quantile(share: float) -> tuple[str, str]:
    buckets = f"sum by (le) (rate(NS_webhook_duration_seconds_bucket{OF}{RATE}))"
    return f"histogram_quantile({share}, {buckets})", f"p{share * 100:g}"


_FAILED = f"sum by (observer) (rate(NS_webhook_failures_total{OF}{RATE}))"
_TRIED = f"sum by (observer) (rate(NS_webhook_total{OF}{RATE}))"

PANELS = (
    Panel(
        "Success rate by observer",
        "percentunit",
        ((f"1 - ({_FAILED} or {_TRIED} * 0) / {_TRIED}", "{{observer}}"),),
    ),
    Panel("Webhooks per second", "reqps", ((_TRIED, "{{observer}}"),)),
    Panel("Latency of attempts", "s", (_quantile(0.5), _quantile(0.95), _quantile(0.99))),
    Panel(
        "Failed webhooks",
        "short",
        (
            (
                f"sum by (observer, reason) (increase(NS_webhook_failures_total{OF}{RATE})) > 0",
                "{{observer}}: {{reason}}",
            ),
        ),
    ),
    Panel(
        "Retries per second",
        "reqps",
        ((f"sum by (observer) (rate(NS_webhook_retries_total{OF}{RATE}))", "{{observer}}"),),
    ),
    Panel("Dead letters", "short", ((f"max by (observer) (NS_dlq_size{OF})", "{{observer}}"),)),
    Panel(
        "Dead letter growth",
        "short",
        (
            (
                f"sum by (observer, class) (increase(NS_dead_letters_total{OF}[1h]))",
                "{{observer}}: {{class}} in an hour",
            ),
        ),
    ),
    Panel("Oldest due work", "s", (("max(NS_oldest_due_age_seconds)", "age"),)),
    Panel(
        "Open work",
        "short",
        (
            ("sum by (state) (NS_open_work)", "{{state}}"),
            ("sum(NS_open_runs)", "runs, in memory and in the store"),
        ),
    ),
    Panel(
        "Events",
        "eps",
        ((f"sum by (source, result) (rate(NS_events_total{RATE}))", "{{source}}: {{result}}"),),
    ),
    Panel(
        "In flight and waiting by endpoint",
        "short",
        (
            ("sum by (endpoint) (NS_in_flight)", "{{endpoint}} in flight"),
            ("sum by (endpoint) (NS_endpoint_ready)", "{{endpoint}} waiting"),
        ),
    ),
    Panel(
        "Circuits not closed, and pauses",
        "short",
        (
            ('sum by (endpoint) (NS_circuit_state{state=~"open|half_open"})', "{{endpoint}}"),
            ("max by (name) (NS_paused)", "{{name}} is paused"),
        ),
    ),
    Panel(
        "Waits for limits",
        "short",
        (
            (
                f"sum by (endpoint, limit) (increase(NS_limiter_waits_total{RATE}))",
                "{{endpoint}}: {{limit}}",
            ),
        ),
    ),
    Panel(
        "Commits",
        "s",
        (
            (
                f"histogram_quantile(0.95, sum by (le) (rate(NS_commit_seconds_bucket{RATE})))",
                "p95",
            ),
        ),
    ),
    Panel(
        "Rows of a commit",
        "short",
        (
            (
                f"sum(rate(NS_commit_group_size_sum{RATE}))"
                f" / sum(rate(NS_commit_group_size_count{RATE}))",
                "mean",
            ),
        ),
    ),
    Panel(
        "Store",
        "bytes",
        (("max(NS_store_bytes)", "used"), ("max(NS_store_max_bytes)", "max_size")),
    ),
)


def dashboard(namespace: str) -> dict[str, object]:
    """The dashboard as Grafana imports it (schema 39, Grafana 10 and later)."""
    return {
        "__inputs": [
            {"name": "DS_PROMETHEUS", "label": "Prometheus", "type": "datasource",
             "pluginId": "prometheus"}
        ],
        "title": "fql",
        "uid": f"fql-{namespace}"[:40],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [_observers(namespace)]},
        "panels": list(_panels(namespace)),
    }  # fmt: skip


def _source() -> dict[str, str]:
    return {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}


def _observers(namespace: str) -> dict[str, object]:
    query = f"label_values({namespace}_webhook_total, observer)"
    return {
        "name": "observer", "label": "Observer", "type": "query", "datasource": _source(),
        "query": {"query": query, "refId": "observers"}, "refresh": 2, "multi": True,
        "includeAll": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"},
    }  # fmt: skip


def _panels(namespace: str) -> Iterator[dict[str, object]]:
    across = COLUMNS // WIDTH
    for number, panel in enumerate(PANELS):
        place = {
            "x": number % across * WIDTH, "y": number // across * HEIGHT, "w": WIDTH, "h": HEIGHT
        }  # fmt: skip
        yield {
            "id": number + 1, "type": "timeseries", "title": panel.title, "gridPos": place,
            "datasource": _source(), "targets": list(_targets(panel, namespace)),
            "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        }  # fmt: skip


def _targets(panel: Panel, namespace: str) -> Iterator[dict[str, object]]:
    for number, (query, legend) in enumerate(panel.queries):
        yield {
            "refId": chr(ord("A") + number), "datasource": _source(),
            "expr": query.replace("NS_", f"{namespace}_"), "legendFormat": legend,
        }  # fmt: skip
