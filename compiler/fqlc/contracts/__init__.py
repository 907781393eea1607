"""What receivers say they take and answer: OpenAPI documents and JSON Schema, read and looked up.

Nothing here knows expressions: bodies are judged by rules, with what `model` tells.
"""
