"""Strategies for the logits of a few photos and cells, with and without ties."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

LOGITS = arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.integers(1, 9)),
    elements=st.floats(-80, 80, width=32),
)
TIED = arrays(
    np.float64,
    st.tuples(st.integers(1, 6), st.integers(1, 9)),
    elements=st.sampled_from([0.0, 0.25, 0.5]),
)
