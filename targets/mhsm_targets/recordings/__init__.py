"""Readers of recorded traffic: files in, exchanges out, one at a time."""
