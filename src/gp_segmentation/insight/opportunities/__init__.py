"""What practices achieve of indicators, and how many more patients a target rate would reach."""
