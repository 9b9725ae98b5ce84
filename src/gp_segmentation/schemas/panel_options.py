"""Keys of `conf/panel` and of `conf/panel.yaml`."""

from gp_segmentation.schemas.configured_values import Keys, Named, Seed, Starts, Text
from gp_segmentation.schemas.tracking_options import Tracking


class Panel(Named):
    """`panel`: years that are put into the segments of a run."""

    sources: list[Text]
    successors: Text | None
    draws: Starts


class Panelling(Keys):
    """The whole of `conf/panel.yaml`, composed."""

    panel: Panel
    run: Text | None
    tracking: Tracking
    seed: Seed
