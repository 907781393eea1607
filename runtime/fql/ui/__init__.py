"""The page: what needs a person, what happened to an event, and the buttons.

A client of the store in a process of its own: it may be slow or end, and no delivery notices.
"""
