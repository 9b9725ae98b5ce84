"""Other years than a run's own: their prepared tables, and the files of a panel."""
