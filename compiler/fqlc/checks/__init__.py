"""What a program may say: the table of blocks and keys, and the rules, one per file.

`read` turns blocks into a model with typed expressions and settled values, `catalogue` runs the
rules over it. Nothing here knows the plan's layout, the graph library or the parser.
"""
