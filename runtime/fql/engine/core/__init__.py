"""The pure core: `step` and what it decides with. No clock, file, network or chance."""
