"""Protocols that clients and clouds already speak, one file each: thin adapters to the same classifier."""
