"""The versions of the weights: export, publish, store."""
