"""Policies of a plan read into settings; secrets masked."""

from __future__ import annotations

import pytest

from fql.egress.settings import PolicyReader, SigningSettings
from fql.errors import MissingSecrets, SettingsError
from fql.plan.language.expressions import Constant, Environment, Field, Hole, Text
from fql.plan.language.types import STRING
from fql.plan.model import Endpoint, NodeConfig, PlanNode, Setting
from fql.plan.policies import effective
from fql.plan.stored.codec import dump_expression


def reader(**values: object) -> PolicyReader:
    found = {k.replace("__", "."): Setting(value=v, origin="action a") for k, v in values.items()}
    return PolicyReader(found, {"A": "value-of-a", "B": "value-of-b"}, "action a")


def test_a_text_is_a_plain_string_a_constant_or_parts() -> None:
    stored = dump_expression(Text(type=STRING, parts=("x", Environment("A"))))
    constant = dump_expression(Constant(type=STRING, value="c"))
    made = reader(auth__a="p${B}", auth__b=stored, auth__c=constant)
    assert made.text("auth.a") == "pvalue-of-b"
    assert made.text("auth.b") == "xvalue-of-a"
    assert made.text("auth.c") == "c"
    assert made.used == ["value-of-b", "value-of-a"]


def test_a_value_is_never_scanned_again() -> None:
    made = PolicyReader(
        {"k": Setting(value="${A}", origin="default")}, {"A": "${B}", "B": "no"}, "u"
    )
    assert made.text("k") == "${B}"


def test_a_missing_name_says_who_uses_it() -> None:
    with pytest.raises(MissingSecrets, match=r"NOPE \(used by action a\)"):
        reader(k="${NOPE}").text("k")


@pytest.mark.parametrize("value", [7, True, ["x"]])
def test_a_value_of_another_kind_is_refused(value: object) -> None:
    with pytest.raises(SettingsError, match="not a text"):
        reader(k=value).text("k")


def test_a_text_that_depends_on_the_event_is_refused() -> None:
    hole = Hole(Field(type=STRING, row="row", name="id"))
    with pytest.raises(SettingsError, match="depends on the event"):
        reader(k=dump_expression(Text(type=STRING, parts=(hole,)))).text("k")


def signing(**values: object) -> SigningSettings:
    found = reader(**values).signing()
    assert found is not None
    return found


def test_signing_is_off_without_a_secret_or_when_switched_off() -> None:
    assert reader().signing() is None
    assert reader(signing__scheme="github").signing() is None
    assert reader(signing__enabled=False, signing__secret="x").signing() is None


def test_the_scheme_is_standard_unless_a_header_means_fraiseql() -> None:
    assert signing(signing__secret="x").scheme == "standard"
    assert signing(signing__secret="x", signing__timestamp_header="X-T").scheme == "fraiseql"
    assert signing(signing__secret="x", signing__header="X", signing__scheme="stripe").scheme == (
        "stripe"
    )


def test_secrets_may_have_dates() -> None:
    entry = {"secret": "${A}", "not_before": "1970-01-01T00:00:10Z", "not_after": None}
    (secret,) = signing(signing__secret=[entry]).secrets
    assert (secret.value, secret.not_before, secret.not_after) == ("value-of-a", 10.0, None)
    assert (secret.live(9.9), secret.live(10.0)) == (False, True)


@pytest.mark.parametrize("moment", ["yesterday", "2026-01-01T00:00:00"])
def test_a_date_without_meaning_is_refused(moment: str) -> None:
    with pytest.raises(SettingsError, match="date"):
        signing(signing__secret=[{"secret": "x", "not_after": moment}])


def test_settings_hide_secrets_when_printed() -> None:
    made = signing(signing__secret="very-secret-value")
    assert "very-secret-value" not in repr(made)


def test_policies_of_an_endpoint_come_from_the_endpoint_as_it_is_now() -> None:
    """Nearer levels win; what the endpoint gave at compile time is replaced."""
    node = PlanNode(name="a", kind="webhook", config=NodeConfig(), policies={
        "timeout": Setting(value=1, origin="action a"),
        "signing.secret": Setting(value="old", origin="endpoint e"),
        "signing.header": Setting(value="gone", origin="endpoint e"),
        "max_response": Setting(value=5, origin="fql.toml"),
    })  # fmt: skip
    endpoint = Endpoint(name="e", url={}, policies={
        "timeout": Setting(value=2, origin="endpoint e"),
        "signing.secret": Setting(value="new", origin="endpoint e"),
        "max_response": Setting(value=6, origin="endpoint e"),
    })  # fmt: skip
    found = {key: setting.value for key, setting in effective(node, endpoint).items()}
    assert found == {"timeout": 1, "signing.secret": "new", "max_response": 6}
