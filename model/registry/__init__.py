"""The versions of the weights: export a trained network, publish it as a version, store versions, activate one."""
