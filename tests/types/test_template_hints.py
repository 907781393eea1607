"""What a template that cannot be read should say instead."""

from __future__ import annotations

import pytest

from fqlc import compile_text


@pytest.mark.parametrize(
    ("template", "hint"),
    [
        ("{{ note ?? 'none' }}", "`{{ note | default('none') }}`"),
        ("{% if big %}a{% else if big %}b{% endif %}", "`elif`"),
    ],
)
def test_habits_of_the_language_and_of_others(template: str, hint: str) -> None:
    (found,) = compile_text(
        "entity O { id: ID @key  note: String?  big: Boolean }\n"
        'observer o { on: O.insert  webhook w { url: "https://x.example.com/"\n'
        f'  body: {{ id, text: "{template}" }} }} }}\n'
    ).diagnostics
    assert found.code == "FQL312"
    assert hint in found.help[0]
