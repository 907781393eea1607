"""Faults planted in the checker."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "FQL231 is not raised",
        "compiler/fqlc/checks/catalogue.py",
        "    impossible_condition.check,\n",
        "",
        "tests/checks/test_impossible_condition.py::test_never_true",
    ),
    Mutant(
        "FQL301 is not raised",
        "compiler/fqlc/checks/catalogue.py",
        "    flow_cycle.check,\n",
        "",
        "tests/checks/flow/test_flow_cycle.py::test_a_ring_is_reported_once_at_its_last_edge",
    ),
    Mutant(
        "FQL303 is not raised",
        "compiler/fqlc/checks/catalogue.py",
        "    unreached_action.check,\n",
        "",
        "tests/checks/flow/test_unreached_action.py::test_an_action_outside_the_flow",
    ),
    Mutant(
        "FQL322 is not raised",
        "compiler/fqlc/checks/catalogue.py",
        "    credential.check,\n",
        "",
        "tests/checks/sending/test_credential.py::test_a_literal_credential_is_found_and_masked",
    ),
    Mutant(
        "FQL331 is not raised",
        "compiler/fqlc/checks/catalogue.py",
        "    sensitive_value.check,\n",
        "",
        "tests/checks/sending/test_sensitive_value.py::test_in_a_body_a_text_a_header_and_a_path",
    ),
    Mutant(
        "FQL361 is not raised",
        "compiler/fqlc/checks/catalogue.py",
        "    target_url.check,\n",
        "",
        "tests/checks/sending/test_target_url.py::test_urls",
    ),
    Mutant(
        "FQL371 is not raised",
        "compiler/fqlc/checks/catalogue.py",
        "    signing.check,\n",
        "",
        "tests/checks/sending/test_signing.py::test_settings",
    ),
    Mutant(
        "the encrypted fields are not checked",
        "compiler/fqlc/checks/catalogue.py",
        "    encrypted_field.check,\n",
        "",
        "tests/checks/sending/test_encrypted_field.py::test_an_encrypted_field_is_a_key_of_the_body",
    ),
    Mutant(
        "order_by goes with a batch",
        "compiler/fqlc/checks/rules/flow/batched_wait.py",
        "    if observer.order_by is not None:\n        sink.error",
        "    if observer.order_by is None:\n"
        "        return\n"
        "    if observer.order_by is None:\n"
        "        sink.error",
        "tests/checks/flow/test_batched_wait.py::test_an_order_does_not_go_with_a_batch",
    ),
    Mutant(
        "a sensitive value in a header passes",
        "compiler/fqlc/checks/rules/sending/sensitive_value.py",
        "        if isinstance(given.value, HeaderGiven) and given.span is not None:",
        "        if given.value is None and given.span is not None:",
        "tests/checks/sending/test_sensitive_value.py::test_in_a_body_a_text_a_header_and_a_path",
    ),
    Mutant(
        "a sensitive value in a url passes",
        "compiler/fqlc/checks/rules/sending/sensitive_value.py",
        "    for text in (target.url, target.path, target.subject):",
        "    for text in (target.path, target.subject):",
        "tests/checks/sending/test_sensitive_value.py::test_in_a_body_a_text_a_header_and_a_path",
    ),
    Mutant(
        "a literal secret passes",
        "compiler/fqlc/checks/rules/sending/signing.py",
        '    _literal_secret(secret, "secret", sink)\n',
        "",
        "tests/checks/sending/test_signing.py::test_settings",
    ),
    Mutant(
        "a private address in a url passes",
        "compiler/fqlc/checks/rules/sending/target_url.py",
        "    problem = host_problem(base.host, egress) or port_problem(base.port, egress)",
        "    problem = port_problem(base.port, egress)",
        "tests/checks/sending/test_target_url.py::test_urls",
    ),
    Mutant(
        "a token is fetched from anywhere",
        "compiler/fqlc/checks/rules/sending/target_url.py",
        '        if "auth.token_url" in settings:',
        '        if "auth.token" in settings:',
        "tests/checks/sending/test_signing.py::test_settings",
    ),
    Mutant(
        "a comparison with something nullable proves a value",
        "compiler/fqlc/types/facts.py",
        "        if equal and not other.type.nullable:\n",
        "        if equal:\n",
        "tests/types/test_cases.py::test_reports_stand_on_the_lines_that_earn_them",
    ),
    Mutant(
        "a disjunction tells what either side says",
        "compiler/fqlc/types/facts.py",
        "            self.non_null & other.non_null,\n",
        "            self.non_null | other.non_null,\n",
        "tests/types/test_cases.py::test_reports_stand_on_the_lines_that_earn_them",
    ),
    Mutant(
        "x != 1 proves that x is not zero",
        "compiler/fqlc/types/facts.py",
        '"eq": value != 0, "ne": value == 0,',
        '"eq": value != 0, "ne": value != 0,',
        "tests/types/test_cases.py::test_reports_stand_on_the_lines_that_earn_them",
    ),
    Mutant(
        "x ?? false is taken for x ?? true",
        "compiler/fqlc/types/facts.py",
        "default.value is (not holds):",
        "default.value is holds:",
        "tests/types/test_cases.py::test_reports_stand_on_the_lines_that_earn_them",
    ),
    Mutant(
        "Float mixes with Decimal",
        "compiler/fqlc/types/operands.py",
        "    if {left.name, right.name} == EXACT:\n",
        "    if {left.name, right.name} <= _NUMBERS:\n",
        "tests/types/test_cases.py::test_reports_stand_on_the_lines_that_earn_them",
    ),
    Mutant(
        "a list of nullable items loses its null",
        "compiler/fqlc/types/operands.py",
        "    return of.optional() if left.nullable or right.nullable else of",
        "    return of",
        "tests/types/test_soundness.py::test_a_checked_condition_never_raises",
    ),
    Mutant(
        "a choice by a sensitive Boolean passes",
        "compiler/fqlc/types/sensitive.py",
        "for part in (_asked(test), value))",
        "for part in (value,))",
        "tests/types/test_sensitive.py::test_a_mark_reaches_the_body_through_every_operator_that_carries_values",
    ),
    Mutant(
        "a join of sensitive texts passes",
        "compiler/fqlc/types/sensitive.py",
        "        case e.ListOf():\n            return expr.items\n",
        "",
        "tests/types/test_sensitive.py::test_a_mark_reaches_the_body_through_every_operator_that_carries_values",
    ),
    Mutant(
        "a sensitive field of an inner type passes",
        "compiler/fqlc/types/sensitive.py",
        "                inner.append((below, at.through_field(part)))",
        "                pass",
        "tests/types/test_sensitive.py::test_a_mark_reaches_the_body_through_every_operator_that_carries_values",
    ),
)
