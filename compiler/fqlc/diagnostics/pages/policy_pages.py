"""Pages of FQL341 to FQL343: retry policies, limits, batches."""

from __future__ import annotations

from fqlc.diagnostics.pages.model import BOTH, Page, observer


def _hook(inside: str) -> str:
    return observer(
        f'on: Order.insert\nwebhook crm {{\n  url: "https://crm.example.com"\n  {inside}\n}}'
    )


PAGES = (
    Page(
        code="FQL341",
        title="contradictory retry policy",
        why="The settings exclude each other: the longest delay is below the first one, a status "
        "is both to be retried and not to be retried, there is no attempt, a `publish` or `call` "
        "lists HTTP statuses, which it never gets, or (a warning) a cap is never reached.",
        wrong=_hook("retry: { initial_delay: 10s, max_delay: 1s }"),
        right=_hook("retry: { initial_delay: 100ms, max_delay: 200ms }"),
        severities=BOTH,
    ),
    Page(
        code="FQL342",
        title="rate, burst, batch size, timeout or concurrency out of range",
        why="With this value nothing would be sent, or the limit could not be kept. The "
        "reference has the range of each key.",
        wrong=_hook("timeout: 0s"),
        right=_hook("timeout: 10s"),
    ),
    Page(
        code="FQL343",
        title="`each` without `batch`, or row fields outside `each`",
        why="In a batch one request is made from many events, so fields of a row have a meaning "
        "only inside `each`, which is rendered once for every event.",
        wrong=_hook("body: { orders: each { id, total } }"),
        right=_hook("batch: { size: 10, timeout: 5s }\n  body: { orders: each { id, total } }"),
    ),
)
