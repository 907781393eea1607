"""Pages of FQL381 and FQL901: tests, and faults of fqlc."""

from __future__ import annotations

from fqlc.diagnostics.pages.model import Page, observer


def _tested(test: str) -> str:
    hook = 'on: Order.insert\nwebhook crm { url: "https://crm.example.com" }'
    return observer(hook) + "\n" + test


PAGES = (
    Page(
        code="FQL381",
        fixable=True,
        title="invalid test",
        why="A test names an observer, an event and rows that fit the entity, and expects actions "
        "of that observer.",
        wrong=_tested(
            'test "the CRM is told" {\n  observer: tell\n  event: Order.insert\n'
            '  new: { id: "6f1c0a52-0000-4000-8000-000000000001", total: 5, status: "new" }\n'
            "  expect: { sent: [crn] }\n}\n"
        ),
        right=_tested(
            'test "the CRM is told" {\n  observer: tell\n  event: Order.insert\n'
            '  new: { id: "6f1c0a52-0000-4000-8000-000000000001", total: 5, status: "new" }\n'
            "  expect: { sent: [crm] }\n}\n"
        ),
    ),
    Page(
        code="FQL901",
        title="a fault in fqlc itself",
        why="The compiler reached a state that should be impossible. Nothing is wrong with the "
        "source. Please report it with what `fqlc --debug` prints.",
        wrong="",
        right="",
        around="No program should cause it.",
    ),
)
