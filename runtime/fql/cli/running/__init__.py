"""`fqlc run`: a plan as a process, what it logs and what it takes up while it runs."""
