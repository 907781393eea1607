"""The store in one stream of NATS JetStream."""
