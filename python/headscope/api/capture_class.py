"""The class `Capture`: data that shows and saves itself."""

from __future__ import annotations

from typing import Any

from headscope.files.capture_file import CaptureFile
from headscope.widgets.capture_views import CaptureViews


class Capture(CaptureViews, CaptureFile):
    """The attention of one forward pass: its maps, and the methods that show and save them.

    Parameters
    ----------
    maps
        The attention maps, in the order in which views list them.
    name
        The display name of the model.
    report
        How the maps were obtained; by default, that their weights were passed in.
    logits
        The most probable next tokens at each position; None (default) if they were not kept.
    generation
        Which tokens were generated; None (default) if none were.

    Raises
    ------
    ValueError
        There is no map.
    """

    def to(self, device: Any) -> Capture:
        """Move all tensors of the capture to another device, which frees the memory of the old one.

        Parameters
        ----------
        device
            A torch device or its name, such as `"cpu"`.

        Returns
        -------
        Capture
            The capture itself. Its views keep working.
        """
        from headscope.tracing.memory.to_device import to_device

        for map_ in self.maps.values():
            map_.records = to_device(map_.records, device)
        return self
