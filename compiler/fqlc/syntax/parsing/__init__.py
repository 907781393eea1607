"""From text to tree: lexer and parser, with what is reported where they cannot read."""
