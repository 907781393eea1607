"""The store: what is kept (`records`), what a storage can do (`port`), and the storages."""
