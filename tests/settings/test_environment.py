"""`${NAME}` in `fql.toml` and in plans: what is missing, half written, or does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fql.cli.project import project_and_plan
from fql.errors import MissingSecrets, SettingsError
from fql.plan.environment import Reference, begins_none, filled, reference_at, references_in
from fql.settings.environment import names_of, resolve
from fql.settings.reading import SettingsFileError, read_settings

PIECES = st.lists(
    st.one_of(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True).map("${{{}}}".format),
        st.sampled_from(["${", "$", "{", "}", "${}", "${9}", "${ A}", "${{ A }}", "x", "${A"]),
    ),
    max_size=6,
).map("".join)


@given(PIECES)
def test_a_text_is_its_references_and_what_is_between(text: str) -> None:
    """Every part of the module sees the same references, and every other `${` is told."""
    found = [r for at in range(len(text)) if (r := reference_at(text, at)) is not None]
    assert [r.name for r in found] == list(references_in(text))
    assert all(text[r.start : r.end] == f"${{{r.name}}}" for r in found)
    assert begins_none(text) == (text.count("${") > len(found))
    assert filled(text, "${{{}}}".format) == text
    assert all(isinstance(r, Reference) for r in found)


def test_a_value_is_taken_as_it_is() -> None:
    assert filled("<${A}>", {"A": "${B}"}.__getitem__) == "<${B}>"


SLIPS = ["${", "${DIR", "x${9A}", "${ DIR }", "${{ secrets.DIR }}", "${DIR}/${", "${a-b}"]


@pytest.mark.parametrize("text", SLIPS)
@pytest.mark.parametrize(
    "place",
    [
        '[store]\nurl = "{}"',
        '[webhooks]\ntest_url = "{}"',
        '[webhooks.dlq]\nbackend = "file"\npath = "{}"',
        '[webhooks.signing]\nsecret = "${{OK}}{}"',
        '[webhooks.signing]\nsecret = ["${{OK}}", "${{OK}}{}"]',
        '[webhooks.signing]\nsecret = [{{ secret = "${{OK}}{}" }}]',
        '[webhooks.signing]\nheader = "{}"',
        '[sources.s]\nkind = "sqlite"\ndatabase = "{}"',
        '[egress]\nallow = ["${{OK}}", "{}"]',
        '[observability.prometheus]\nhost = "{}"',
        '[project]\nfiles = ["{}"]',
    ],
)
def test_half_a_reference_is_an_error_at_its_line(place: str, text: str) -> None:
    """It was taken as it is: the store was a file called `${DIR`."""
    written = place.format(text)
    with pytest.raises(SettingsFileError) as caught:
        read_settings(written)
    (problem,) = caught.value.problems
    assert problem.line == written.count("\n") + 1


def test_a_compile_reads_no_environment() -> None:
    with pytest.raises(SettingsError, match="which a compile does not read"):
        read_settings('[project]\nfiles = ["${DIR}"]')


TEXT = """
[store]
url = "sqlite:///${DIR}/fql.db"
[observability.prometheus]
host = "${HOST}"
[egress]
allow = ["${NET}", "10.0.0.0/8"]
[webhooks]
test_url = "${DIR}"
"""


def test_every_table_of_the_run_time_is_filled() -> None:
    values = {"DIR": "/d", "HOST": "0.0.0.0", "NET": "10.1.0.0/16"}
    settings = resolve(read_settings(TEXT), values)
    assert settings.observability.prometheus is not None
    assert settings.observability.prometheus.host == "0.0.0.0"
    assert settings.egress.allow == ("10.1.0.0/16", "10.0.0.0/8")
    assert names_of(settings) == {}


def test_each_name_is_told_once_with_all_its_users() -> None:
    assert names_of(read_settings(TEXT))["DIR"] == [
        "fql.toml store.url", "fql.toml webhooks.test_url",
    ]  # fmt: skip


def test_a_value_is_judged_as_if_it_were_written_and_is_not_told() -> None:
    """`10.1.0.0/33` in the file is an error; as a value it opened nothing, without a word."""
    values = {"DIR": "/d", "HOST": "::", "NET": "10.1.0.0/33"}
    with pytest.raises(SettingsFileError) as caught:
        resolve(read_settings(TEXT), values)
    assert "egress.allow: the value of `${NET}` is not allowed" in str(caught.value)
    assert "10.1.0.0/33" not in str(caught.value)


def test_names_of_settings_and_plan_are_missed_in_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With where each is used, before anything runs."""
    from fqlc import compile_text

    done = compile_text(
        'entity Order { id: ID @key }\nendpoint e { url: "${URL}" }\n'
        'observer o { on: Order.insert webhook w { endpoint: e headers: { "A": "${DIR}" } } }'
    )
    assert done.plan is not None
    (tmp_path / "o.plan.json").write_bytes(done.plan)
    (tmp_path / "fql.toml").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    for name in ("URL", "DIR", "HOST", "NET"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(MissingSecrets) as caught:
        project_and_plan(None, ("o.plan.json",))
    assert caught.value.missing.keys() == {"URL", "DIR", "HOST", "NET"}
    assert caught.value.missing["DIR"] == [
        "fql.toml store.url", "fql.toml webhooks.test_url", "observer o, action w",
    ]  # fmt: skip
