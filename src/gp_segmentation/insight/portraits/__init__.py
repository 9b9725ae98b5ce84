"""Names, portraits and profiles of segments."""
