"""From the bytes of a picture file to the network's input, a 32×32 array. `pipeline.py` tells the whole story."""
