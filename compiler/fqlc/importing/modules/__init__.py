"""Models of an application: its modules are imported in a process of their own."""
