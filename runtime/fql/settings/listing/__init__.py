"""What `fqlc config` and the reference show of the keys of `fql.toml`."""
