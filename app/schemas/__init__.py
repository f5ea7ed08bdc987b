"""Request and response models, how JSON becomes one, and how OpenAPI documents them."""
