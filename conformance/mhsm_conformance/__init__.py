"""Scenarios, and the session that judges what targets answer."""
