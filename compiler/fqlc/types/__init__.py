"""Types: inference with narrowing, templates, constant folding, information flow."""
