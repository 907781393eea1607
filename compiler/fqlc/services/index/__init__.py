"""Every name of the project with its place, and what it stands for."""
