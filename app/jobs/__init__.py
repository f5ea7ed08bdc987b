"""Retraining jobs: their records, and the processes that do them."""
