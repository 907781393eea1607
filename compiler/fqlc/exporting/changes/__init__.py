"""What changes for receivers between two plans."""
