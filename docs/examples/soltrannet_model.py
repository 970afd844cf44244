"""SolTranNet, a trained net for the solubility of molecules that a package brings along.

P. Francoeur, D. Koes (2021), SolTranNet: a machine learning tool for fast aqueous solubility prediction.
"""

from typing import Any


def net(size: int = 64) -> Any:
    """SolTranNet as its authors trained it, and from SMILES to its nodes: a dummy node, then the atoms."""
    import sys
    from importlib.util import find_spec, module_from_spec, spec_from_file_location
    from pathlib import Path

    import numpy as np
    import torch
    from rdkit import Chem

    folder = Path(find_spec("soltrannet").origin).parent

    def part(name: str) -> Any:  # alone: the package as a whole wants pkg_resources, which setuptools no longer has
        spec = spec_from_file_location(f"soltrannet_{name}", folder / f"{name}.py")
        module = sys.modules[spec.name] = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    transformer, graphs = part("transformer"), part("data_utils")

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = transformer.make_model()
            weights = torch.load(folder / "soltrannet_aqsol_trained.weights", map_location="cpu", weights_only=True)
            self.net.load_state_dict(weights)

        def forward(self, nodes: torch.Tensor, neighbours: torch.Tensor) -> torch.Tensor:
            return self.net(nodes, nodes.abs().sum(-1) != 0, neighbours, None)

    def preprocess(inputs: dict[str, Any]) -> dict[str, Any]:
        found = [graphs.featurize_mol(Chem.MolFromSmiles(str(text)), True) for text in inputs["molecule"]]
        return {
            "nodes": np.stack([graphs.pad_array(nodes, (size, nodes.shape[1])) for nodes, _ in found]),
            "neighbours": np.stack([graphs.pad_array(edges, (size, size)) for _, edges in found]),
        }

    return Net(), preprocess
