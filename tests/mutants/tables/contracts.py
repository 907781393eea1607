"""Faults planted in the reading of contracts and in the judgement of what is sent."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

NORMAL = "compiler/fqlc/contracts/reading/normal.py"
DOCUMENTS = "compiler/fqlc/contracts/reading/documents.py"
YAML = "compiler/fqlc/contracts/reading/yaml_core.py"
MODEL = "compiler/fqlc/contracts/model.py"
OBJECTS = "compiler/fqlc/contracts/judging/parts/objects.py"
READ = "tests/contracts/test_normal.py::"
SCALARS = "tests/contracts/test_yaml_core.py::test_scalars_mean_what_yaml_1_2_says"
REFUSED = "tests/contracts/test_yaml_core.py::test_what_is_not_json_in_yaml_is_refused"
JUDGED = "tests/checks/contract/test_contract_body.py::test_a_body_is_judged"

MUTANTS = (
    Mutant(
        "`nullable` is ignored",
        NORMAL,
        'spot.dialect == OPENAPI_3_0 and spot.object.get("nullable") is True',
        'spot.dialect == "" and spot.object.get("nullable") is True',
        READ + "test_openapi_3_0_says_the_same",
    ),
    Mutant(
        "`nullable` counts in OpenAPI 3.1",
        NORMAL,
        'spot.dialect == OPENAPI_3_0 and spot.object.get("nullable") is True',
        'spot.object.get("nullable") is True',
        READ + "test_drafts_of_json_schema_say_the_same",
    ),
    Mutant(
        "what is beside a reference counts in old drafts",
        NORMAL,
        '_IGNORING = (OPENAPI_3_0, "draft-04", "draft-06", "draft-07")',
        "_IGNORING = (OPENAPI_3_0,)",
        READ + "test_drafts_of_json_schema_say_the_same",
    ),
    Mutant(
        "a Boolean bound is left as it is",
        NORMAL,
        "            if exclusive and bound in found:\n",
        "            if bound in found:\n",
        READ + "test_openapi_3_0_says_the_same",
    ),
    Mutant(
        "schemas may be within each other without end",
        NORMAL,
        "if depth > DEEPEST:",
        "if depth > 10_000:",
        READ + "test_each_limit_of_a_contract_is_told",
    ),
    Mutant(
        "a file of any length is read",
        DOCUMENTS,
        "if len(data) > LONGEST_CONTRACT:",
        "if len(data) > 2 * LONGEST_CONTRACT:",
        READ + "test_each_limit_of_a_contract_is_told",
    ),
    Mutant(
        "a contract has any number of documents",
        DOCUMENTS,
        "if len(self._known) >= MOST_DOCUMENTS:",
        "if len(self._known) >= 2 * MOST_DOCUMENTS:",
        READ + "test_each_limit_of_a_contract_is_told",
    ),
    Mutant(
        "a reference to the net is looked for as a file",
        DOCUMENTS,
        'if "://" in path or path.startswith("//"):',
        'if path.startswith("//"):',
        READ + "test_what_is_not_a_schema_is_a_fault_with_its_place",
    ),
    Mutant(
        "`yes` is true",
        YAML,
        'dict.fromkeys(("true", "True", "TRUE"), True)',
        'dict.fromkeys(("true", "True", "TRUE", "yes"), True)',
        SCALARS,
    ),
    Mutant(
        "a nought at the front makes a number octal",
        YAML,
        '{"0o": 8, "0x": 16}.get(text[:2], 10)',
        '{"0o": 8, "0x": 16, "01": 8}.get(text[:2], 10)',
        SCALARS,
    ),
    Mutant(
        "the last of two keys counts",
        YAML,
        "if name in here.marks:",
        "if name in ():",
        REFUSED,
    ),
    Mutant(
        "what a merge key brings wins over what is written",
        YAML,
        "for key in [key for key in one if key not in into]:",
        "for key in list(one):",
        "tests/contracts/test_yaml_core.py::test_a_merge_key_brings_what_is_not_written",
    ),
    Mutant(
        "what is read-only is required",
        OBJECTS,
        "        if schema is not None and schema.read_only:\n            continue\n",
        "",
        JUDGED,
    ),
    Mutant(
        "`readOnly` beside a reference is forgotten",
        MODEL,
        "{mark: given or raw.get(mark) is True for mark, given in marks.items()}",
        "{mark: raw.get(mark) is True for mark in marks}",
        "tests/checks/contract/test_contract_body.py::test_parts_and_references_keep_their_own_words",
    ),
    Mutant(
        "a closed part takes the properties of another one",
        OBJECTS,
        "if additional is None or not additional.never or name in properties:",
        "if additional is None or not additional.never or name in shape.declared:",
        "tests/checks/contract/test_contract_body.py::test_parts_and_references_keep_their_own_words",
    ),
    Mutant(
        "a closed object takes what no pattern names",
        OBJECTS,
        "        if not has_pattern(name, part):\n",
        "        if has_pattern(name, part):\n",
        JUDGED,
    ),
    Mutant(
        "`allOf` is ignored",
        MODEL,
        "                waiting[:0] = part.all_of\n",
        "",
        JUDGED,
    ),
    Mutant(
        "true is 1",
        "compiler/fqlc/contracts/judging/parts/whole.py",
        "    if isinstance(left, bool) or isinstance(right, bool):\n        return left is right\n",
        "",
        JUDGED,
    ),
    Mutant(
        "a header that a setting names is missing",
        "compiler/fqlc/checks/rules/contract_parameter.py",
        'elif key in ("auth.header", "signing.header", "signing.timestamp_header"):',
        'elif key in ("auth.name",):',
        "tests/checks/contract/test_contract_parameter.py::"
        "test_a_header_that_a_setting_names_is_sent",
    ),
    Mutant(
        "a body that is computed may have too few keys",
        "compiler/fqlc/contracts/judging/parts/counts.py",
        "beyond = (most is not None and most < bound) if fewest else least > bound",
        "beyond = False if fewest else least > bound",
        JUDGED,
    ),
    Mutant(
        "a moment needs no time",
        "compiler/fqlc/contracts/judging/formats.py",
        "_is_date(text[:10]) and bool(_TIME.fullmatch(text[11:]))",
        "_is_date(text[:10])",
        "tests/contracts/test_formats.py::test_texts_that_have_not",
    ),
    Mutant(
        "a whole number in a list of Decimals is judged as a number",
        "compiler/fqlc/contracts/judging/wire/sending.py",
        "tuple(self._widened(item, of) for item in e.items)",
        "tuple(map(self.of, e.items))",
        JUDGED,
    ),
)
