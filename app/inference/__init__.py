"""From a request's body to predictions: parsing, batching, and the model in use."""
