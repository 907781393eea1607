"""Plan expressions compiled to Python once, and the rendering of bodies and texts."""
