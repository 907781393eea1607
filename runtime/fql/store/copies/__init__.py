"""Dead letters elsewhere: in files, in a stream of NATS, as a relation of PostgreSQL."""
