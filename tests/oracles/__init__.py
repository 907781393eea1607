"""Tools of others that `make oracles` asks. What they said is kept: the tests compare with it."""
