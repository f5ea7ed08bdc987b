"""The corrections that users send, and their archive."""
