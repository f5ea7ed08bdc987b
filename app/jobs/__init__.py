"""Retraining jobs: their records in the database, and the processes that run them."""
