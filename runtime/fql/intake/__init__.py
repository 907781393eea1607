"""Where events come from: a port and its adapters."""
