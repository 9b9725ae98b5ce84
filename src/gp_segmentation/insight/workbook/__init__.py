"""The Excel workbook of results."""
