"""Self-tests of the reports layer."""
