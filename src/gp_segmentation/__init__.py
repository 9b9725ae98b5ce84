"""GP Practice Segmentation: segments of England's general practices from published data."""

__version__ = "0.1.0"
