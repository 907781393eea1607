"""How what is being written can go on."""
