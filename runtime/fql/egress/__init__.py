"""The one way out: every request of the product leaves through `fql.egress.send`."""
