"""Files of any kind as streams and frames: zip members, encodings, line ends, delimited text, workbooks."""
