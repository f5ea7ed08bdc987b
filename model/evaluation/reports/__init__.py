"""The charts and pictures of an evaluation."""
