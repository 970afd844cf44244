"""Which modules of a torch net make vectors of ids."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any

from torch import Tensor, nn

_TABLES = (nn.Embedding, nn.EmbeddingBag)


def embeddings(net: nn.Module, run: Callable[[], object], of_each: Callable[[Tensor, Tensor], bool]) -> list[str]:
    """The modules that learn nothing but tables of vectors, and in `run` are given one tensor of ids.

    `of_each(ids, vectors)`: whether these are one vector for each element.
    """
    names: dict[str, None] = {}

    def look(name: str, _: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any) -> None:
        tensors = [item for item in (*args, *kwargs.values()) if isinstance(item, Tensor)]
        if len(tensors) == 1 and isinstance(result, Tensor) and of_each(tensors[0], result):
            names[name] = None

    with ExitStack() as stack:
        for name, module in net.named_modules():
            if name and _is_table(module):
                hook = module.register_forward_hook(partial(look, name), with_kwargs=True)
                stack.callback(hook.remove)
        run()
    return list(names)


def _is_table(module: nn.Module) -> bool:
    tables = [part.weight for part in module.modules() if isinstance(part, _TABLES)]
    return 0 < len(tables) == sum(1 for _ in module.parameters())
