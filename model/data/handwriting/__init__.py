"""Handwriting that is drawn by rule: digits in the world's forms, letters and signs, in as many hands as are wanted."""
