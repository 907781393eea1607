"""What commands that take sources share: how they follow a compile, watch files, and write."""
