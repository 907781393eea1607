"""The one reader and the one writer of JSON: exact in numbers, symmetrical in depth."""
