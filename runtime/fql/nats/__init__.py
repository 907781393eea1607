"""The connection to NATS JetStream that sources, dead letters and actions share."""
