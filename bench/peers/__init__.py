"""Other frameworks serving the same network: a small app and pinned requirements for each. `make bench-peers`"""
