"""The whole specification as one page."""
