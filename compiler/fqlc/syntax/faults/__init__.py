"""What is said of a text that does not parse, and where reading goes on."""
