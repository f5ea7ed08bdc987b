"""Labelled digits: MNIST, its download, and the digits embedded in scikit-learn."""
