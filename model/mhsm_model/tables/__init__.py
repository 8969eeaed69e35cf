"""Finite matrices of the service: algorithms, key types, lifecycle, errors, quirks."""
