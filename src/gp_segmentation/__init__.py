"""GP Practice Segmentation: segments of England's general practices from published data."""
