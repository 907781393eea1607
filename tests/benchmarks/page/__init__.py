"""docs/performance.md as far as `make bench` writes it: tables, curves, and where they go."""
