"""Stored cases: a failing sequence as data, read, recorded, tried again, shortened and printed."""
