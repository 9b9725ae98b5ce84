"""Files of any kind as streams and tables: zip members, encodings, line ends, delimited text, workbooks."""
