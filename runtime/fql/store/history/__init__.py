"""What a store keeps besides its work, for people who look at it: events that came to nothing,
numbers by the minute, the present second while somebody watches, and replays of many dead letters.
"""
