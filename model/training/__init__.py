"""What a training needs beside its loop: batches, augmentation, averaging, early stopping."""
