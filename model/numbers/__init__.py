"""Read the numbers on a page: lines, candidate pieces, a lattice of them, its best path. `reader.py` is the entry."""
