"""What comes in besides events of the application: sources, inbox, put-off replays."""
