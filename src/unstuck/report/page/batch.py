"""What reaches the network in a step, as a page and as a fragment for a notebook."""

import base64
import io
import zlib
from typing import Any

import numpy as np

from unstuck.records.batch import Batch, Thumbnails
from unstuck.report import batch as told
from unstuck.report.templates import template

ENLARGED = 64  # pixels of the longer side, as images are shown


def page(batch: Batch) -> str:
    """One file that needs no other and fetches nothing."""
    return template("batch.html.j2").render(**_shown(batch))


def fragment(batch: Batch) -> str:
    """The same for a notebook's cell."""
    return template("batch_fragment.html.j2").render(**_shown(batch))


def _shown(batch: Batch) -> dict[str, Any]:
    return {"batch": batch, "b": told, "sheet": sources}


def sources(thumbnails: Thumbnails) -> list[str]:
    """Images as addresses that hold them."""
    from PIL import Image  # what matplotlib draws with

    shape = thumbnails.count, thumbnails.height, thumbnails.width, thumbnails.channels
    packed = zlib.decompress(base64.b64decode(thumbnails.pixels))
    found = []
    times = max(1, ENLARGED // max(shape[1:3]))
    for pixels in np.frombuffer(packed, np.uint8).reshape(shape):
        image = Image.fromarray(pixels[..., 0] if shape[-1] != 3 else pixels)
        image = image.resize((times * shape[2], times * shape[1]), Image.Resampling.NEAREST)
        out = io.BytesIO()
        image.save(out, "PNG", optimize=True)
        found.append("data:image/png;base64," + base64.b64encode(out.getvalue()).decode())
    return found
