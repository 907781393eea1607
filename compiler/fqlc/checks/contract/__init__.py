"""What the rules about contracts share: what is judged of an action, and the words for it."""
