"""Keras and TensorFlow, imported without their greeting: the one place that imports them."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _without_notices() -> Iterator[None]:
    """TensorFlow writes notices to the descriptor of stderr while it is imported, whatever its log level: they are
    left out, all else goes on to stderr."""
    notice = re.compile(rb"I\d{4} |WARNING: All log messages before absl::InitializeLog")
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            file.seek(0)
            os.write(2, b"".join(line for line in file if not notice.match(line)))


with _without_notices():
    import keras
    import tensorflow as tf
    from keras.src.backend.common import global_state
    from keras.src.models.functional import Functional

# What ~/.keras/keras.json of whoever runs this says otherwise would change numbers.
keras.config.set_floatx("float32")
keras.config.set_epsilon(1e-7)
keras.config.set_image_data_format("channels_last")

__all__ = ["Functional", "global_state", "keras", "tf"]
