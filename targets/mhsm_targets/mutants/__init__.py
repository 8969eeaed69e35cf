"""Deliberately broken emulators: each breaks one clause, and the suites must find it out."""
