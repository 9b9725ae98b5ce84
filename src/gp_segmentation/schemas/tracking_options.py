"""Keys of `conf/tracking`."""

from gp_segmentation.schemas.configured_values import Named, Text


class Tracking(Named):
    """`tracking`: whether and where runs are recorded."""

    enabled: bool
    experiment: Text
    uri: Text | None
    artifacts: Text | None = None
    children: bool
