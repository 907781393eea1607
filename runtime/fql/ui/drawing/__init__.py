"""Drawings: bars, flows, lines of the last hour. Pure."""
