"""One exchange with a receiver: names, addresses, connections, HTTP/1.1, TLS."""
