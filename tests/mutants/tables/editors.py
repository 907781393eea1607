"""Faults planted in what editors ask for, and in what `fqlc config` shows."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

DOCUMENTS = "compiler/fqlc/lsp/documents.py"
RENAME = "compiler/fqlc/services/renaming/rename.py"
WALK = "runtime/fql/settings/listing/walk.py"
PLACES = "tests/lsp/test_documents.py::"
RENAMED = "tests/services/test_answers.py::test_a_service_answers_as_its_cases_say"
THERE_AND_BACK = "tests/services/test_changes.py::test_renaming_there_and_back_gives_the_same_bytes"
SHOWN = "tests/cli_compiler/test_precedence.py::"

MUTANTS = (
    Mutant(
        "a line separator ends a line",
        DOCUMENTS,
        '_LINE_END = re.compile("\\r\\n|\\n|\\r")',
        '_LINE_END = re.compile("\\r\\n|\\n|\\r|\\u2028")',
        PLACES + "test_a_line_separator_does_not_end_a_line",
    ),
    Mutant(
        "CR and LF are two ends of a line",
        DOCUMENTS,
        '_LINE_END = re.compile("\\r\\n|\\n|\\r")',
        '_LINE_END = re.compile("\\n|\\r")',
        PLACES + "test_positions_are_those_of_the_library_of_vs_code",
    ),
    Mutant(
        "a character beyond the first 65,536 is one unit",
        DOCUMENTS,
        "return 2 if code > 0xFFFF else 1",
        "return 1",
        PLACES + "test_columns_count_what_was_agreed_on",
    ),
    Mutant(
        "a character of three bytes is two",
        DOCUMENTS,
        "3 if code < 0x10000 else 4",
        "2 if code < 0x10000 else 4",
        PLACES + "test_columns_count_what_was_agreed_on",
    ),
    Mutant(
        "columns are characters",
        DOCUMENTS,
        "or self.text[start:end].isascii()",
        "or start <= end",
        PLACES + "test_columns_count_what_was_agreed_on",
    ),
    Mutant(
        "inside of a character is after it",
        DOCUMENTS,
        "            if left < 0:\n                return at\n",
        "            if left < 0:\n                return at + 1\n",
        PLACES + "test_inside_of_a_character_is_before_it",
    ),
    Mutant(
        "the end of a line is not the last column",
        DOCUMENTS,
        "return min(start + position.character, end)",
        "return start + position.character",
        PLACES + "test_every_position_is_somewhere",
    ),
    Mutant(
        "a byte order mark is not a column",
        DOCUMENTS,
        "self._ruler.range(start + self._mark, end + self._mark)",
        "self._ruler.range(start, end)",
        PLACES + "test_a_byte_order_mark_is_a_column_of_the_editor_and_none_of_the_compiler",
    ),
    Mutant(
        "each change counts from the first text",
        DOCUMENTS,
        "joined(_applied(text, change, self.encoding))",
        "joined(_applied(self.text, change, self.encoding))",
        PLACES + "test_a_whole_text_replaces_it",
    ),
    Mutant(
        "`{ name }` loses its key",
        RENAME,
        "        if use.form is Form.SHORT:\n",
        "        if use.form is None:\n",
        RENAMED,
    ),
    Mutant(
        "`{ new: name }` keeps its key",
        RENAME,
        "        elif (whole := keys.get(use.span)) is not None:\n",
        "        elif (whole := keys.get(use.span)) is not None and not uses:\n",
        THERE_AND_BACK,
    ),
    Mutant(
        "a field loses its column",
        RENAME,
        "edits = [*_uses(snapshot, thing, new), *column_edits(snapshot, thing, new)]",
        "edits = [*_uses(snapshot, thing, new)]",
        RENAMED,
    ),
    Mutant(
        "a name that is taken is given",
        RENAME,
        "problem = _bad_name(thing, new) or taken_by(snapshot, thing, new)",
        "problem = _bad_name(thing, new)",
        RENAMED,
    ),
    Mutant(
        "a name is changed where not all of its uses are known",
        RENAME,
        "    return Refusal(unread) if unread else named\n",
        "    return named\n",
        RENAMED,
    ),
    Mutant(
        "a text that has changed since is renamed",
        RENAME,
        "    if not snapshot.is_current():\n",
        "    if snapshot is None:\n",
        "tests/services/test_snapshot.py::test_nothing_is_renamed_in_a_text_that_has_changed",
    ),
    Mutant(
        "a token in the file is shown",
        WALK,
        "return MASKED if secret and not known else masked_urls(value)",
        "return masked_urls(value)",
        SHOWN + "test_secrets_are_shown_by_name",
    ),
    Mutant(
        "tokens in a list are shown",
        WALK,
        "return [shown(one, secret=secret) for one in value]",
        "return [shown(one) for one in value]",
        SHOWN + "test_secrets_are_shown_by_name",
    ),
    Mutant(
        "the password in a url is shown",
        WALK,
        "return MASKED if secret and not known else masked_urls(value)",
        "return MASKED if secret and not known else value",
        SHOWN + "test_secrets_are_shown_by_name",
    ),
    Mutant(
        "the password of --store is shown",
        "compiler/fqlc/cli/guiding/config.py",
        "yield Setting(one.key, masked_urls(store), origin",
        "yield Setting(one.key, store, origin",
        SHOWN + "test_secrets_are_shown_by_name",
    ),
)
