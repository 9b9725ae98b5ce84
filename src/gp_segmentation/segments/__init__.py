"""The chosen segmentation: its table, its model, new practices in it, and changes between years."""
