"""The workbook of results."""
