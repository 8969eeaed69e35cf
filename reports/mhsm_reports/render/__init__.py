"""Renderings of one result: each module turns a `RunResult` into one kind of report."""
