"""Messages of the editor, bound to the desk and the services."""
