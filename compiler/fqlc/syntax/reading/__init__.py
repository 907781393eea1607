"""Lexemes, numbers, texts and tables: what parser and explanations of faults are built on."""
