"""The commands of `mhsm`, one a module: options in, one sentence and exit status 2 for bad ones."""
