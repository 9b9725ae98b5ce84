"""The practices most like a practice, and why."""
