"""Times: how long something took, each time; the last of them, as a camera has no last frame."""

from __future__ import annotations

from array import array

import attrs
import numpy as np

KEPT = 10_000
PERCENTILES = (50, 90, 99)


@attrs.define(repr=False)
class Times:
    """Milliseconds; of the last ``KEPT``."""

    _kept: array[float] = attrs.field(factory=lambda: array("f"), init=False)
    _oldest: int = attrs.field(default=0, init=False)

    def __len__(self) -> int:
        return len(self._kept)

    def __repr__(self) -> str:
        """The percentiles, not each time: ``Times(3, p50=5.2, p90=6.1, p99=6.3)``."""
        return f"Times({', '.join([str(len(self)), *(f'{key}={ms:.1f}' for key, ms in self.to_json().items())])})"

    def take(self, ms: float) -> None:
        if len(self._kept) < KEPT:
            self._kept.append(ms)
        else:
            self._kept[self._oldest] = ms
            self._oldest = (self._oldest + 1) % KEPT

    def to_json(self) -> dict[str, float]:
        """``{"p50": ..., "p90": ..., "p99": ...}``: so many in a hundred took no longer. Nothing of nothing."""
        if not self._kept:
            return {}
        found = np.percentile(self._kept, PERCENTILES)
        return {f"p{share}": round(float(ms), 3) for share, ms in zip(PERCENTILES, found, strict=True)}
