"""From the bytes of a picture file to the 32×32 array that the network is given."""
