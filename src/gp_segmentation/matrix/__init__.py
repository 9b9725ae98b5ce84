"""From features to the matrix that is clustered."""
