"""Labelled digits: MNIST, its download, and the digits that come with scikit-learn."""
