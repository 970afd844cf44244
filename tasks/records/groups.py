"""The functional groups that atoms of a molecule are told apart by: a match is made of the atoms of the group alone."""

from typing import NamedTuple

from exhibit.tasks.records.language import mark


class Group(NamedTuple):
    """A functional group. `smarts` matches its own atoms and no neighbour, `example` is the SMILES of a small molecule
    that has it. `polar`: whether it has a strong dipole."""

    name: str
    smarts: str
    example: str
    polar: bool = False


_CARBON = "[#6;!$([#6]=[O,N,S])]"  # that is no part of a carbonyl or of its like
_ACYL = "$([CX3][#6]),$([CX3H1])"  # bound to carbon or hydrogen beside its oxygen

# An atom belongs to the first of them that matches it.
GROUPS = (
    Group(mark("nitro"), "[$([NX3+][!#8])](=[OX1])[OX1-]", "C[N+](=O)[O-]", polar=True),
    Group(mark("nitrile"), "[$([CX2][#6])]#[NX1]", "CC#N", polar=True),
    Group(mark("carboxylic acid"), f"[{_ACYL}](=[OX1])[OX2H1,OX1-]", "CC(=O)O", polar=True),
    Group(mark("ester"), f"[{_ACYL}](=[OX1])[$([OX2H0][#6;!$([CX3]=[O,S])])]", "CC(=O)OC", polar=True),
    Group(mark("carbamate"), "[NX3][CX3](=[OX1])[$([OX2H0][#6])]", "CNC(=O)OC", polar=True),
    Group(mark("urea"), "[NX3][CX3](=[OX1])[NX3]", "CNC(=O)NC", polar=True),
    Group(mark("imide"), f"[{_ACYL}](=[OX1])[NX3][{_ACYL}]=[OX1]", "CC(=O)NC(C)=O", polar=True),
    Group(mark("amide"), f"[{_ACYL}](=[OX1])[NX3]", "CC(=O)NC", polar=True),
    Group(mark("aldehyde"), "[$([CX3H1][#6]),$([CX3H2])]=[OX1]", "CC=O", polar=True),
    Group(mark("ketone"), "[$([CX3]([#6])[#6])]=[OX1]", "CC(C)=O", polar=True),
    Group(mark("aliphatic OH"), "[$([OX2H1][CX4])]", "CO", polar=True),
    Group(mark("aromatic OH"), "[$([OX2H1]c)]", "Oc1ccccc1", polar=True),
    Group(mark("ether"), f"[$([OX2H0]({_CARBON}){_CARBON})]", "COC", polar=True),
    Group(mark("primary amine"), f"[$([NX3H2]{_CARBON}),$([NX4H3+]{_CARBON})]", "CN", polar=True),
    Group(
        mark("secondary amine"),
        f"[$([NX3H1]({_CARBON}){_CARBON}),$([NX4H2+]({_CARBON}){_CARBON})]",
        "CNC",
        polar=True,
    ),
    Group(mark("aromatic nitrogen"), "n", "n1ccccc1"),
    Group(mark("halogen"), "[$([F,Cl,Br,I][#6])]", "CCl"),
    Group(mark("benzene ring"), "[cR1]1[cR1][cR1][cR1][cR1][cR1]1", "c1ccccc1"),
    Group(mark("CH₂ of a chain"), "[$([CX4H2R0]([#6])[#6])]", "CCC"),
)
