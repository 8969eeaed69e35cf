"""The REST form of the exchange, without I/O: requests and replies as bytes, and the WIRE clauses."""
