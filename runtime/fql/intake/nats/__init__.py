"""NATS JetStream as a source: messages of a stream, acknowledged after the commit."""
