"""From text to tree: lexer and parser, with what is said where they cannot read."""
