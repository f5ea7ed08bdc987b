"""From a request's pictures to predictions."""
