"""The conformance suites: scenarios, judged by the session that they run in."""
