"""The REST form of the exchange, without I/O: messages as bytes, and the WIRE clauses."""
