"""The services of editors, without a protocol."""
