"""What every request meets: envelope, bodies, keys, errors."""
