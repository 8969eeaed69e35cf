"""Tests of the layer `conformance`."""
