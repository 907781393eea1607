"""Secrets and what is made with them: masks, signatures, encryption."""
