"""From tree to text: `fqlc fmt`."""
