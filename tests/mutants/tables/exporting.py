"""Faults planted in what is exported, and in what of a change breaks receivers."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

TYPED = "compiler/fqlc/exporting/typed.py"
FITTING = "compiler/fqlc/exporting/fitting.py"
BREAKING = "compiler/fqlc/exporting/breaking.py"
SCHEMAS = "compiler/fqlc/exporting/schemas.py"
ACTIONS = "compiler/fqlc/exporting/actions.py"
VALUES = "tests/exporting/test_schemas.py::test_each_kind_of_value"
DOCUMENTS = "tests/exporting/test_documents.py::"
VALID = "tests/exporting/test_valid.py::test_what_the_tests_of_a_program_send_is_valid"
BREAKS = "tests/exporting/test_breaking.py::test_breaking"
FINE = "tests/exporting/test_breaking.py::test_not_breaking"

MUTANTS = (
    Mutant(
        "a Decimal is a number",
        SCHEMAS,
        '"Decimal": {"type": "string", "format": "decimal", "pattern": DECIMAL}',
        '"Decimal": {"type": "number"}',
        VALID,
    ),
    Mutant(
        "a Decimal is not negative",
        SCHEMAS,
        'DECIMAL = "^-?[0-9]+',
        'DECIMAL = "^[0-9]+',
        "tests/exporting/test_valid.py::test_decimals_are_texts_with_a_sign",
    ),
    Mutant(
        "null is not in the schema of `T?`",
        TYPED,
        "else nullable(typed(type_.required(), mode))",
        "else typed(type_.required(), mode)",
        BREAKS,
    ),
    Mutant(
        "an optional key is required",
        TYPED,
        "Property(entry.key, own, not may_lack)",
        "Property(entry.key, own, True)",
        BREAKS,
    ),
    Mutant(
        "a key that may be missing breaks nothing",
        FITTING,
        "            if each.required and not found.required:\n",
        "            if found.required and not each.required:\n",
        BREAKS,
    ),
    Mutant(
        "an ID is a text",
        SCHEMAS,
        '"ID": {"type": ["string", "integer"]}',
        '"ID": {"type": "string"}',
        VALUES,
    ),
    Mutant(
        "any text is a Decimal",
        SCHEMAS,
        '"format": "decimal", "pattern": DECIMAL}',
        '"format": "decimal"}',
        VALUES,
    ),
    Mutant(
        "null is not in the schema of a declared type",
        SCHEMAS,
        '        return {"anyOf": [schema, {"type": "null"}]}',
        "        return schema",
        VALUES,
    ),
    Mutant(
        "an enum takes any text",
        SCHEMAS,
        'schema = {"type": "string", **self._enum(members)}',
        'schema: Schema = {"type": "string"}',
        "tests/exporting/test_schemas.py::test_declared_names",
    ),
    Mutant(
        "a literal is any value",
        SCHEMAS,
        'else {"const": read_json(shape.text)}',
        "else {}",
        VALUES,
    ),
    Mutant(
        "a whole number in a list of Decimals is a number",
        TYPED,
        "union(self._widened(i, of) for i in e.items)",
        "union(map(self.of, e.items))",
        VALUES,
    ),
    Mutant(
        "an object whose branches differ has all of their keys",
        TYPED,
        "required=len(each) == len(ways) and all(one.required for one in each),",
        "required=all(one.required for one in each),",
        VALUES,
    ),
    Mutant(
        "a batch is one event larger than its size",
        SCHEMAS,
        'found["maxItems"] = shape.most',
        'found["maxItems"] = shape.most + 1',
        DOCUMENTS + "test_envelopes",
    ),
    Mutant(
        "a batch may be empty",
        SCHEMAS,
        "        if shape.least:\n",
        "        if shape.least > 1:\n",
        DOCUMENTS + "test_envelopes",
    ),
    Mutant(
        "an encrypted value is described in the clear",
        TYPED,
        "shape = SEALED if each.name in self.keys else self.of(each.shape)",
        "shape = self.of(each.shape)",
        DOCUMENTS + "test_encrypted_keys_at_any_depth",
    ),
    Mutant(
        "a closed schema closes answers",
        SCHEMAS,
        "if self.closed and not shape.rest and not answered:",
        "if self.closed and not shape.rest:",
        DOCUMENTS + "test_an_answer_may_be_wider_than_what_is_sent",
    ),
    Mutant(
        "an answer must have what may be null",
        TYPED,
        'required = named.mode == "sent" or NULL not in members(shape)',
        "required = True",
        DOCUMENTS + "test_an_answer_may_be_wider_than_what_is_sent",
    ),
    Mutant(
        "only 200 is a success",
        "compiler/fqlc/exporting/answers.py",
        '"2XX": good',
        '"200": good',
        DOCUMENTS + "test_an_answer_may_be_wider_than_what_is_sent",
    ),
    Mutant(
        "a request may come without its body",
        "compiler/fqlc/exporting/openapi.py",
        '{"required": True, "content"',
        '{"required": False, "content"',
        DOCUMENTS + "test_bodies_by_media_type",
    ),
    Mutant(
        "a GET is described with a body",
        ACTIONS,
        "media is None or config.method in BODYLESS:",
        "media is None:",
        DOCUMENTS + "test_what_sends_no_body_describes_none",
    ),
    Mutant(
        "a header of the endpoint is forgotten",
        ACTIONS,
        "for h in (*shared, *self.node.config.headers)}",
        "for h in self.node.config.headers}",
        DOCUMENTS + "test_headers_of_an_action_and_of_its_endpoint",
    ),
    Mutant(
        "a header that is switched off is described",
        ACTIONS,
        "for name, h in merged.items() if header_shape(h) != NULL}",
        "for name, h in merged.items()}",
        DOCUMENTS + "test_headers_of_an_action_and_of_its_endpoint",
    ),
    Mutant(
        "a form holds null",
        ACTIONS,
        'in_a_form(shape) if config.format == "form" else shape',
        "shape",
        DOCUMENTS + "test_a_form_leaves_null_and_empty_lists_out",
    ),
    Mutant(
        "a sensitive value is in an example",
        "compiler/fqlc/cli/exporting/examples.py",
        "scope = hidden_scope(played.scope, action.observer, action.names)",
        "scope = played.scope",
        "tests/cli_compiler/test_export.py::"
        "test_sensitive_values_and_what_is_made_of_them_are_in_no_example",
    ),
    Mutant(
        "a header that is gone breaks nothing",
        BREAKING,
        "now.get(header.name.lower(), NULL)",
        "now.get(header.name.lower(), header_shape(header))",
        BREAKS,
    ),
    Mutant(
        "a text of one ID is sent as a number",
        "runtime/fql/expressions/functions.py",
        'if type_name in ("String", "UUID") else',
        'if type_name in ("String", "ID", "UUID") else',
        "tests/exporting/test_schemas.py::test_what_is_sent_is_valid",
    ),
)
