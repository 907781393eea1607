"""The `webhook` action: a request that is rendered, sent, and whose answer is read."""
