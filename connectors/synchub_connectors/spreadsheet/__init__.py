"""Spreadsheets: CSV files and Excel workbooks, one or a folder of them."""
