"""Samples: the labelled images that users send, their table, and their import and export as a ZIP."""
