"""Portraits, peers, opportunities, rules, tables by deprivation and place, and the workbook."""
