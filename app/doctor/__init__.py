"""What `numeral doctor` checks. Its checks only read: nothing is created, migrated or repaired."""
