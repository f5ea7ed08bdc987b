"""The commands of the science: train, evaluate, predict, versions, activate."""
