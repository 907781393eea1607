"""What is reported about a text that does not parse, and where reading goes on."""
