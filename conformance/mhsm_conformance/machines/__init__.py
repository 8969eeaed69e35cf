"""State machines that others may run too: random sequences of calls, judged step by step."""
