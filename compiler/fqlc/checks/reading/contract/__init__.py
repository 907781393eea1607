"""Which operation of a contract a webhook is bound to, and with which values."""
