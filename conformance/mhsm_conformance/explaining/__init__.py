"""The specification explained: what the catalogue, the tables and the suites say together."""
