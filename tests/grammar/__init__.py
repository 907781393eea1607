"""The grammars for editors."""
