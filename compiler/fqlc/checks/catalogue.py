"""The rules in the order that makes the clearest output. Adding a rule adds a file and a line."""

from __future__ import annotations

from collections.abc import Callable

from fqlc.checks.model import Program
from fqlc.checks.rules import (
    body_format,
    declared_test,
    impossible_condition,
    optional_key,
    unused_declaration,
)
from fqlc.checks.rules.flow import (
    batched_wait,
    comma_in_flow,
    duplicate_edge,
    flow_cycle,
    observer_without_actions,
    redundant_edge,
    too_many_actions,
    unknown_flow_action,
    unreached_action,
)
from fqlc.checks.rules.sending import (
    content_type,
    credential,
    dated_secret,
    deep_expression,
    encrypted_field,
    header,
    retry_policy,
    sensitive_value,
    signing,
    status_list,
    subject,
    target_url,
)
from fqlc.diagnostics.sink import Sink

Rule = Callable[[Program, Sink], None]


def _about_contracts(program: Program, sink: Sink) -> None:
    """The rules about contracts, which are imported where an action has one."""
    if all(action.contract is None for o in program.observers for action in o.actions):
        return
    from fqlc.checks.rules import (
        contract_answer,
        contract_body,
        contract_deprecated,
        contract_media,
        contract_parameter,
    )

    for rule in (contract_deprecated, contract_parameter, contract_media, contract_body,
                 contract_answer):  # fmt: skip
        rule.check(program, sink)


RULES: tuple[Rule, ...] = (
    observer_without_actions.check,
    too_many_actions.check,
    deep_expression.check,
    unknown_flow_action.check,
    duplicate_edge.check,
    flow_cycle.check,
    unreached_action.check,
    redundant_edge.check,
    comma_in_flow.check,
    impossible_condition.check,
    target_url.check,
    subject.check,
    header.check,
    body_format.check,
    optional_key.check,
    content_type.check,
    credential.check,
    sensitive_value.check,
    retry_policy.check,
    status_list.check,
    batched_wait.check,
    signing.check,
    dated_secret.check,
    encrypted_field.check,
    _about_contracts,
    declared_test.check,
    unused_declaration.check,
)


def run_rules(program: Program, sink: Sink) -> None:
    """Run every rule over the program."""
    for rule in RULES:
        rule(program, sink)
