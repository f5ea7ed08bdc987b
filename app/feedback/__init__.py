"""Feedback from live pictures: those kept for corrections and review, and versions that judge them in the shadow."""
