"""Real clients as witnesses: unmodified programs of others that use a served HSM, and are judged.

Each witness is a program of its own that is told nothing but the environment; what it says it saw
is judged here by computing it again outside. So it is conformance, which judges, and no target.
"""
