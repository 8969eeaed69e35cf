"""Explanations as text for terminals and pipes."""
