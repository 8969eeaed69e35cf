"""Tests of the layer `targets`."""
