"""What practices achieve of indicators, and what more would be achieved at a target rate."""
