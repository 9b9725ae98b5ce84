"""The stages of a run, the ways to run them, and what an analyst asks of a finished run."""
