"""FQL417: operations that are deprecated."""

from __future__ import annotations

from tests.checks.contract.api import PATH, told

_OLD = 'deprecated: true\nresponses: { "204": { description: taken } }\n'


def test_a_deprecated_operation_is_a_warning_that_a_comment_can_allow() -> None:
    keys = f"format: none\n{PATH}"
    assert told(keys, _OLD) == ["warning FQL417: POST /orders/{order}/{size} is deprecated"]
    allowed = f"format: none\n# fql: allow FQL417 the new one comes in May\n{PATH}"
    assert told(allowed, _OLD) == []
