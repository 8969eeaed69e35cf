"""Fidelity: recorded sessions asked of a target again, answers beside the service's."""
