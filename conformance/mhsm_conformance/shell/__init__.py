"""The shell: operations typed at a target, each answer judged and explained at once."""
