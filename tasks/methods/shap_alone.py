"""SHAP beside transformers."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_transformers() -> Iterator[None]:
    """SHAP asks of any function whether it is a model of transformers, where some library has loaded that, and loads
    the rest of it for the answer; with it whatever it needs, such as a torchvision that fits torch. Ours never are."""
    loaded = sys.modules.pop("transformers", None)
    try:
        yield
    finally:
        if loaded is not None:
            sys.modules["transformers"] = loaded
