"""Every guard alone: for each guard of each operation, a request that breaks just that one."""
