"""The language server: `fqlc lsp` over standard input and output."""
