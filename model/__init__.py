"""The science of Numeral: image → array → digit, training, evaluation, versions. Never imports `app`."""
