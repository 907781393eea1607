"""Addresses, urls and headers, as compiler and egress judge them alike."""
