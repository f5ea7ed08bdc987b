"""The HTTP layer that all routes share: request ids, bodies, forms, keys, errors."""
