"""What the training loop (`model/train.py`) uses: batches, augmentation, outliers, averaging, early stopping."""
