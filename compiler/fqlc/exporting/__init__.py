"""What a plan sends, for those who receive it: shapes of bodies, JSON Schema, OpenAPI. Pure."""
