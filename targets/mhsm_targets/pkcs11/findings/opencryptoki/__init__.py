"""Reproductions of what opencryptoki's software token does against its standard.

As those of SoftHSM: see there. They make session objects alone.
"""
