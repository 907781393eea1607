"""What of rows, requests and answers is shown."""
