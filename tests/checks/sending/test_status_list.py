"""FQL341: statuses where there are none."""

from __future__ import annotations

import pytest

from tests.checks.harness import expect, reports, shop

A = 'url: "https://a.example.com", body: { id }'


@pytest.mark.parametrize("key", ["retry_on", "dont_retry_on"])
@pytest.mark.parametrize("own", ['publish a { subject: "x"', "call a { function: f"])
def test_statuses_mean_nothing_where_there_are_none(own: str, key: str) -> None:
    kind = own.partition(" ")[0]
    expect(
        shop(f"""webhook w {{ {A} }}
  {own} accepts: [sensitive]
    retry: {{
      max_attempts: 3
      {key}: [418] # error: FQL341 a `{kind}` gets none
    }}
  }}""")
    )
    expect(
        shop(f"""retry: {{ {key}: [418] }} # warning: FQL341 `watch` has no `webhook`
  {own} accepts: [sensitive] }}""")
    )


def test_statuses_of_a_level_that_webhooks_use_too_are_of_use() -> None:
    both = f'webhook w {{ {A} }}\n publish p {{ subject: "x" }}'
    expect(shop(f"retry: {{ retry_on: [418] }}\n{both}").replace("@sensitive", ""))
    expect(
        "retry patient { retry_on: [418] }\ndefaults { retry: { dont_retry_on: [409] } }\n"
        + shop('publish p { subject: "x" retry: patient }').replace("@sensitive", "")
    )
    (found,) = reports(shop("call a { function: f retry: { retry_on: [404] } }"))
    assert found.help == ("remove it: the function decides, by raising `Retry` or `Permanent`",)
