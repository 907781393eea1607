"""Spectral and openapi-typescript read what is exported, and find faults within `webhooks`."""
