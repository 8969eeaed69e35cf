"""Adapters for the implementations under test."""
