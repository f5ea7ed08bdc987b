"""Request and response models: limits as field constraints, examples for OpenAPI."""
