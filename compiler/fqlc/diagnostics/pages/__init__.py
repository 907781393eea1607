"""What each code finds: title, reason, a wrong and a right example. Data only."""
