"""The practices most like one, and why."""
