"""Tests of the layer `model`."""
