"""Measure how well a version reads, and decide whether it may replace the current one."""
