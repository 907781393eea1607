"""`fqlc run`: a plan as a process, what it logs, and which changes it applies while it runs."""
