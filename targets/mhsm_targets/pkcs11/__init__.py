"""A Managed HSM whose keys live in a PKCS#11 token: the second implementation, beside the model.

It shares vocabulary, tables, identifiers and the wire codec with the model and nothing that decides
what is lawful. Each instance is a process of its own, and its token is its whole state.
"""
