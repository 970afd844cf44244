"""What is typed: keys, groups, values in a grammar that reads some signs in its own way, and numbers of every size."""

from pathlib import Path

from exhibit.flows.config import read_report
from tests.corpus.outcome import Refused, check_refused
from tests.corpus.recipe import Recipe


def config(override: str, words: str | None, *more: str) -> Recipe:
    """Beside the study iris; no words: it is taken."""

    def run(_: Path) -> None:
        typed = ["study=iris", override, *more]
        if words is None:
            assert read_report(typed).points
        else:
            check_refused(lambda: read_report(typed), Refused(words))

    return Recipe(f"config: {override}", run)


QUOTED = "a text with such signs stands in quotes: "
OPTION = "the name of an option was expected; allowed"
KEY = "there is no such key; allowed"
CONFIGS = [
    *(
        config(override, words)
        for override, words in {
            "data.label=Größe": QUOTED, "title=a(b": QUOTED, "title='a": QUOTED, "title=[a": QUOTED + "|cannot be read",
            "data.path=/tmp/申込.csv": QUOTED, "model.epochs=１２": QUOTED, "Größe=1": "its key cannot be read",
            "model.hidden={a": "cannot be read", "model": "there is no = in it", "": "there is no = in it",
            "model.hidden=int(x)": "its value cannot be read", "model.hidden=interval(1,2)": "an interval holds no list of values",
            "model.hidden=glob(x*)": "stands for no value", "model=glob(nothing*)": "stands for no value",
            "model.hidden=${nope}": "Interpolation key 'nope' not found", "title=${oc.env:HOME}": "a value from the environment",
            "study=iris,digits,iris": "more than once: study=iris; type each value once",
            "model=null": OPTION, "data=null": OPTION, "target=null": OPTION, "method=[null]": OPTION, "runner=null": OPTION,
            "model={a:1}": OPTION, "method=[[a]]": OPTION, "model=mpl": "did you mean mlp", "model=../../etc": "no such option",
            "modle=mlp": "did you mean model", "model.hiden=3": "did you mean hidden", "+model.hiden=3": "did you mean hidden",
            "model=[]": OPTION, "method=[]": OPTION, "data=[]": OPTION, "study=[]": OPTION, "compute=[]": OPTION, "behaviour=[]": None, "paths=null": "allowed: keys with values",
            "model.hidden=": "allowed: a whole number", "model.hidden=null": "allowed: a whole number",
            "model.hidden=0": "at least 1", "model.hidden=-1": "at least 1", "model.hidden=1.5": "a whole number",
            "model.hidden=1000000000": "at most 16384", "model.hidden=1e300": "a whole number", "model.hidden=true": "a whole number",
            "model.hidden=inf": "a whole number", "model.hidden=nan": "a whole number", "model.hidden='１２'": "a whole number",
            "model.learning_rate=inf": "above 0 and at most 1000", "model.learning_rate=-inf": "above 0",
            "model.learning_rate=nan": "above 0", "model.learning_rate=0": "above 0", "model.dropout=1": "below 1",
            "model.epochs=1000000000": "at most 100000", "model.seed=-1": "at least 0", "model.seed=4294967296": "below 4294967296",
            "compute.threads=1000000": "at most 1024", "compute.batch=0": "at least 1", "compute.chunk=-5": "at least 1",
            "runner.timeout_seconds=inf": "at most", "runner.timeout_seconds=0": "above 0", "selection.index=[]": "a list",
            "selection.index=[-1]": "at least 0", "selection.index=[1e300]": "a whole number", "selection.show=0": "at least 1",
            "selection.show=1000000000": "at most 1000", "target.outputs=[]": "a list", "title=7": "type 'title=\"7\"'",
            "title=true": "type 'title=\"true\"'", "title=[a]": "allowed: text", "title={a:b}": "allowed: text",
            "document.title=7": "type 'document.title=\"7\"'", "document.issued=2026": "is not a date and time",
            "document.issued=0001-01-01": "the year 1 was given", "document.issued=9999-12-31": "the year 9999 was given",
            "document.issued=yesterday": "a time such as", "paths.runs=s3://bucket/runs": "only paths.store may be the URL of a server", "paths.runs=file:///tmp/runs": None, "document.paper=A5": "A4, letter", "document.embed=[all]": "data, weights",
            "document.missing_glyphs=drop": "mark, refuse", "title=\udcff": "no UTF-8; rename",
            "data.path=x.csv": KEY, "hydra.run.dir=x": "type paths.runs=DIR", "title=Iris 2026": None, "title='Größe'": None, "title=50%": None,
            "title=a: b": None, "model.epochs=1_000": None, "model.epochs=1e2": None, "title=''": None, "title=null": None,
            "model.hidden=8,16": None, "model.hidden=range(8,10)": None, "study=iris,digits": None, "check=[]": None,
        }.items()
    ),
    config("data.limits.bytes=0", "at least 1", "data=table", "data.path=x.csv", "data.label=y"),
    config("data.limits={pixel:3}", "data.limits.pixel: there is no such key", "data=table", "data.path=x.csv", "data.label=y"),
    config("data.limits={columns:3}", None, "data=table", "data.path=x.csv", "data.label=y", "method=[vanilla_grad]"),
    config("data.most_categories=1000000", "at most 1000", "data=table", "data.path=x.csv", "data.label=y"),
    config("data.size=20000", "at most 4096", "data=image_folder", "data.path=x"),
    config("data.size=0", "at least 8", "data=image_folder", "data.path=x"),
]  # fmt: skip
