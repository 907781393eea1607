"""FQL231 and FQL232."""

from __future__ import annotations

from tests.checks.harness import expect, shop

A = 'webhook a { url: "https://a.example.com", body: { id } }'


def test_never_true() -> None:
    expect(shop("when: status == paid && status == shipped # error: FQL231 never be true\n" + A))


def test_never_true_together_with_the_observer() -> None:
    expect(
        shop("""when: total > 100
  webhook a {
    url: "https://a.example.com", body: { id }
    when: total < 50 # error: FQL231 never be true
  }""")
    )


def test_always_true_is_a_warning() -> None:
    expect(shop("when: total > 1 || total <= 1 # warning: FQL232 always true\n" + A))


def test_a_literal_true_is_meant() -> None:
    expect(shop("when: true\n" + A))


def test_a_faulty_condition_is_not_called_always_true() -> None:
    """What may be null has no order, so nothing is known of the order's other side."""
    expect(
        """entity Order { id: ID @key  paid: Decimal? }
observer watch { on: Order.update
  when: paid != null || paid > 5 # error: FQL212 paid
  webhook a { url: "https://a.example.com", body: { id } }
}"""
    )


def test_old_and_new_values_are_told_apart() -> None:
    expect(shop("when: status.changed() && status.old == status # error: FQL231 both tests\n" + A))
