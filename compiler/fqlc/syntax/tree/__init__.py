"""The syntax tree: frozen dataclasses, and the walks over them."""
