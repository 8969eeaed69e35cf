"""Test vectors and sample keys that the suites use."""
