"""Decode the bytes of a picture file to gray pixels, within limits. `decode.py` is the entry."""
