"""What the segments tell: portraits, peers, opportunities, rules, equity, place, workbook."""
