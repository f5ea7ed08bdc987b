"""From the bytes of a picture file to gray pixels, within limits."""
