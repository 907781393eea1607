"""Policies: their one table of keys. Pure data; imports neither pydantic nor the model of plans."""
