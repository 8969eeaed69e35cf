"""Corruptions of recorded sessions: one reply altered at a time, to see whether the judge notices.

Each operator says beforehand what it does, where it applies, and whether a clause can see it there.
"""
