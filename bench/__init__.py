"""Repeatable measurements. The commands among the modules print a table; README.md lists them."""
