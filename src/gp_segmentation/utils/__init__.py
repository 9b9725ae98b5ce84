"""What every room may use: files written whole, parallel work, progress, imports of a module."""
