"""Recipe functions of the benchmarks."""

import numpy as np
import pyarrow as pa


def small_table(seed: int) -> pa.Table:
    rng = np.random.default_rng(abs(seed))
    return pa.table({"x": rng.normal(size=20), "y": rng.normal(size=20)})
