"""From text to tree: lexer, parser, and what builds the nodes."""
