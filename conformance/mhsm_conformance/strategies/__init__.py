"""Hypothesis strategies for requests."""
