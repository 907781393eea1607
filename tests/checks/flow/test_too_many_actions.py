"""FQL390."""

from __future__ import annotations

from tests.checks.harness import reports, shop


def test_the_limit() -> None:
    hooks = [f'webhook a{n} {{ url: "https://a.example.com", body: {{ id }} }}' for n in range(257)]
    assert [d.code for d in reports(shop("\n".join(hooks)))] == ["FQL390"]
    assert not reports(shop("\n".join(hooks[:256])))


def test_the_edges_of_a_flow() -> None:
    """They are counted before they are made, and are the one thing that is said."""
    names = [f"a{n}" for n in range(250)]
    hooks = "\n".join(
        f'webhook {n} {{ url: "https://a.example.com", body: {{ id }} }}' for n in names
    )
    half = ", ".join(names[:125])
    rest = ", ".join(names[125:])
    assert not reports(shop(f"{hooks}\nflow {{ [{half}] -> [{rest}] }}"))
    again = f"{hooks}\nflow {{ [{half}] -> [{rest}] [{half}] -> [{rest}] }}"
    found = reports(shop(again))
    assert [d.code for d in found] == ["FQL390"]
    assert "31,250 edges, more than 20,000" in found[0].message


def test_headers_secrets_and_keys_that_every_action_would_carry() -> None:
    for setting, what in (
        ("headers: { " + " ".join(f'"X-{n}": "a"' for n in range(101)) + " }", "101 headers"),
        ("signing: { secret: [" + ", ".join(f'"${{S{n}}}"' for n in range(33)) + "] }", "33 items"),
        ('encryption: { key: "${K}", fields: [' + ", ".join(f"f{n}" for n in range(257)) + "] }",
         "257 items"),
    ):  # fmt: skip
        hook = f'webhook a {{ url: "https://a.example.com", {setting}, body: {{ id }} }}'
        found = [d for d in reports(shop(hook)) if d.code == "FQL390"]
        assert [what in d.message for d in found] == [True]


def test_lets_that_blow_a_plan_up() -> None:
    """A list of a thousand, used a thousand times."""
    items = ", ".join(str(n) for n in range(1_000))
    uses = " && ".join(["total not in big"] * 1_000)
    text = f"let big = [{items}]\n" + shop(
        f'webhook a {{ url: "https://a.example.com", when: {uses}, body: {{ id }} }}'
    )
    found = reports(text)
    assert [d.code for d in found] == ["FQL390"]
    assert "100,000 parts" in found[0].message
