"""What is on the wire, as far as it is known before any event."""
