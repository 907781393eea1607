"""Whether what claims to be a plan can be carried out: judged by types, before anything runs.

A plan may come from anybody. Its digest says that it is whole, not that a compiler wrote it, so
everything that the runtime relies on is judged again here: names that are referred to, methods,
kinds, operators and the types of their operands, constants and settings with their sizes. Whether
a value can be null is not judged: the compiler has proved it, and a plan that lies about it spoils
its own runs only.
"""
