"""What works beside the loop while this process is the engine: feeds, inbox, housekeeping."""
