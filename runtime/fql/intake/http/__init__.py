"""Events that others send by HTTP: `POST /events`, answered when they are durable."""
