"""Prism as the receiver: what passes the compiler gets no 422, each slip its code and a 422."""
