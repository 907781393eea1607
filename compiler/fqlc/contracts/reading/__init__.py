"""Reading what contracts are written in: files, references, dialects of schemas, operations."""
