"""Other frameworks that serve the same network, each a small app with its pins beside it: `make bench-peers`."""
