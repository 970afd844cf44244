"""What explanations say of each group, of data without columns: from a file to the page."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from exhibit.flows.calls import Calls
from exhibit.flows.config import read_report
from exhibit.flows.engine import Inline
from exhibit.flows.points import Given, run_points
from exhibit.flows.progress import Watch
from exhibit.tasks.catalogues import spoken
from exhibit.tasks.data.folder import ImageFolderSpec
from exhibit.tasks.data.followed import followed, seen
from exhibit.tasks.data.own_series import SeriesSpec
from exhibit.tasks.data.text import TextSpec
from exhibit.tasks.document import roles
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.store import Store

SOURCE = '''
import numpy as np

def words():
    """Log-odds: whether “code” stands there, and by as much “he”."""
    def logits(inputs):
        ids = inputs["text"]
        return ((ids == 4).sum(axis=1, keepdims=True) + (ids == 3).sum(axis=1, keepdims=True) - 1.0).astype(float)
    return logits

def corner():
    """Log-odds: how bright the first corner is, and by as much the middle."""
    def logits(inputs):
        pixels = inputs["image"].mean(axis=-1)
        return (pixels[:, :4, :4].mean(axis=(1, 2)) + pixels[:, 4:8, 4:8].mean(axis=(1, 2)))[:, np.newaxis] / 25 - 5
    return logits

def steps():
    """Log-odds: the mean of all steps."""
    def logits(inputs):
        return inputs["series"].mean(axis=(1, 2))[:, np.newaxis]
    return logits
'''


@pytest.fixture
def chapter(own_module: Callable[[str, str], None], tmp_path: Path) -> Callable[[list[str]], Material]:
    own_module("looking", SOURCE)

    def ask(words: list[str]) -> Material:
        report = read_report([*words, "check=[]", "model=factory"])
        (done,) = run_points(report.points, report.compute, Calls(store, Inline(), Watch()), Given())
        return unpack(Material, store.get(done["gather"]["material"]), store)

    store = Store(tmp_path / "store")
    return ask


def said(material: Material) -> str:
    assert material.groups
    return " ".join(text for block in roles.blocks(material, material.groups.explained) for text in block.paragraphs)


def texts(folder: Path) -> list[str]:
    """200 texts: half hold “code”, of men and women alike; “he” stands in those of men alone, “she” in all others."""
    random = np.random.default_rng(0)
    rows = [
        {"text": f"{'he' if man else 'she'} can {'code' if code else 'sing'}", "sex": "男" if man else "女"}
        for man, code in random.integers(2, size=(200, 2)).tolist()
    ]
    table = pd.DataFrame(rows)
    table["hired"] = np.where(table["text"].str.contains("code"), "yes", "no")
    table["split"] = np.where(np.arange(200) < 20, "train", "test")
    table.to_csv(folder / "texts.csv", index=False)
    (folder / "vocabulary.txt").write_text("[PAD]\n[UNK]\nshe\nhe\ncode\nsing\ncan\n")
    return [
        "data=text", f"data.path={folder / 'texts.csv'}", "data.text=text", "data.label=hired", "data.split=split",
        f"data.vocabulary={folder / 'vocabulary.txt'}", "data.groups=[sex]", "data.protected=[sex]",
        "model.factory=looking:words", "method=[occlusion]",
    ]  # fmt: skip


def test_words_of_texts_are_compared_between_groups(chapter: Callable[[list[str]], Material], tmp_path: Path) -> None:
    """Among men “he” is in every text; who is not a man has none, so nothing is compared by it."""
    material = chapter(texts(tmp_path))
    assert material.groups
    (found,) = material.groups.explained.roles
    told = {role.feature: role for role in found.features}
    assert {"“he”", "“she”", "“code”", "“sing”", "“can”"} <= told.keys()
    assert list(told["“he”"].size) == ["男"]
    assert list(told["“she”"].size) == ["女"]
    assert (told["“he”"].where, told["“he”"].differs) == ("", False)
    text = said(material)
    assert "Of texts a feature is one of the 50 commonest words or characters that 30 texts or more have" in text
    (sex,) = material.groups.explained.protected
    tells = {proxy.feature: proxy.tells for proxy in sex.proxies}
    assert (tells["“he”"], tells["“code”"]) == (True, False)
    (concern,) = roles.concerns(material, material.groups.explained)
    assert concern.title == "What tells a protected column is among what counts most"
    assert re.match("Sex is told by “he” .feature [12] by mean .a., association 1.00", concern.sentence)
    assert "Protected is sex. The model is not given sex." in text
    with spoken("ja"):
        assert "a feature is" not in said(material)


def test_words_tell_only_what_texts_are_grouped_by(tmp_path: Path) -> None:
    spec = TextSpec(path=tmp_path / "texts.csv", text="text", label="hired", groups=["sex"], protected=["age"])
    with pytest.raises(InputError, match=r"'age' is none of data\.groups, .*; name it there, too"):
        spec.by_name(Dataset.model_construct())


def pictures(folder: Path) -> list[str]:
    """Two classes by brightness: pictures of one site have it in the first corner, of the other in the middle."""
    random = np.random.default_rng(0)
    rows = []
    for kind in ("dark", "light"):
        for number in range(80):
            pixels = random.integers(0, 40, size=(6, 6, 3))
            site = ("west", "east")[number % 2]
            place = slice(0, 2) if site == "west" else slice(2, 4)
            pixels[place, place] += 200 * (kind == "light")
            path = folder / "pictures" / kind / site / f"{kind}{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype(np.uint8)).resize((12, 12), Image.Resampling.NEAREST).save(path)
            rows.append({"file": path.name, "sex": ("f", "m")[int(random.integers(2))]})
    pd.DataFrame(rows).to_csv(folder / "more.csv", index=False)
    return [
        "data=image_folder", f"data.path={folder / 'pictures'}", "data.size=12", "data.subfolders=true",
        "data.test_share=0.9", f"data.table={folder / 'more.csv'}", "data.groups=[folder,sex]",
        "data.protected=[folder,sex]",
        "model.factory=looking:corner", "method=[occlusion]",
    ]  # fmt: skip


def test_what_a_model_looks_at_in_pictures_of_one_site_alone_is_told(
    chapter: Callable[[list[str]], Material], tmp_path: Path
) -> None:
    material = chapter(pictures(tmp_path))
    assert material.groups
    folder, sex = material.groups.explained.roles
    differs = {
        role.feature: role.size["west"].value > role.size["east"].value for role in folder.features if role.differs
    }
    assert differs == {"top left": True, "middle": False}
    assert [role.feature for role in sex.features if role.differs] == []
    assert material.groups.explained.signed_for == ""
    text = said(material)
    assert (
        "Of pictures a feature is one of nine parts of the frame; its |a| is that of all its pixels together." in text
    )
    assert re.search(r"That is so of (top left|middle) where folder is (west|east)", text)
    assert "Protected are folder and sex. The model is not given folder and sex." in text
    by_folder, by_sex = material.groups.explained.protected
    assert {proxy.feature for proxy in by_folder.proxies if proxy.tells} == {"top left", "middle"}
    assert [proxy.feature for proxy in by_sex.proxies if proxy.tells] == []
    (concern,) = roles.concerns(material, material.groups.explained)
    assert re.match(
        r"Folder is told by (top left|middle) \(feature 1 by mean .a., association 0\.\d+\)", concern.sentence
    )
    with spoken("ja"):
        (told,) = roles.concerns(material, material.groups.explained)
        assert "top left" not in told.sentence
        assert "top left" not in repr(roles.blocks(material, material.groups.explained))
    nothing = material.groups.explained.model_copy(update={"protected": ()})
    assert "Protected" not in repr(roles.blocks(material, nothing))


def test_parts_of_pictures_tell_only_what_these_are_grouped_by(tmp_path: Path) -> None:
    for protected, words in ((["age"], "is none of data.groups, .* no part of a picture can"), (["sex"] * 2, "twice")):
        with pytest.raises(InputError, match=words):
            ImageFolderSpec(path=tmp_path, groups=["sex"], protected=protected).by_name(Dataset.model_construct())


def sensors(folder: Path, steps: int = 6) -> list[str]:
    """200 series of two channels: the first stands higher at one site, and the second decides."""
    random = np.random.default_rng(0)
    site, up = random.integers(2, size=(2, 200))
    first = 2 * site[:, np.newaxis] + 0.3 * random.normal(size=(200, steps))
    second = 3 * (up[:, np.newaxis] - 0.5) + 0.3 * random.normal(size=(200, steps))
    table = pd.DataFrame(
        {f"{name}_{step}": own[:, step] for name, own in (("heat", first), ("force", second)) for step in range(steps)}
    )
    table["site"] = np.array(["west", "east"])[site]
    table["sex"] = np.array(["f", "m"])[random.integers(2, size=200)]
    table["label"] = np.where(up == 1, "up", "down")
    table.to_csv(folder / "sensors.csv", index=False)
    return [
        "data=series", f"data.path={folder / 'sensors.csv'}", "data.label=label", "data.channels=[heat,force]",
        "data.groups=[site,sex]", "data.protected=[site,sex]", "data.test_share=0.9", "model.factory=looking:steps",
        "method=[occlusion]",
    ]  # fmt: skip


def test_a_channel_that_tells_the_site_is_named_and_none_tells_a_random_sex(
    chapter: Callable[[list[str]], Material], tmp_path: Path
) -> None:
    material = chapter(sensors(tmp_path))
    assert material.groups
    site, sex = material.groups.explained.protected
    assert {proxy.feature: proxy.tells for proxy in (*site.proxies, *sex.proxies) if proxy.tells} == {"heat": True}
    assert [proxy.feature for proxy in sex.proxies if proxy.tells] == []
    assert site.proxies
    assert (site.rows, site.looked, site.rank) == (200, True, None)
    (concern,) = roles.concerns(material, material.groups.explained)
    assert re.match("Site is told by heat .feature [12] by mean .a., association 0.9", concern.sentence)
    text = said(material)
    assert "Protected are site and sex. The model is not given site and sex." in text


def test_of_a_single_channel_the_windows_of_time_may_tell_a_column() -> None:
    """Twenty steps are ten windows of two; the first two steps are those of the column."""
    values = np.zeros((4, 20, 1), np.float32)
    values[2:, :2] = [[1.0], [3.0]]
    item = Input(name="series", kind="series", values=values, features=("x",))
    told = seen(item, followed(item))
    assert [array.tolist() for array in told.values()] == [[0, 0, 2, 2], *[[0] * 4] * 9]


def test_parts_of_series_tell_only_what_these_are_grouped_by(tmp_path: Path) -> None:
    spec = SeriesSpec(path=tmp_path / "s.csv", label="label", groups=["sex"], protected=["age"])
    with pytest.raises(InputError, match=r"'age' is none of data\.groups, .* no channel or window of time can be said"):
        spec.by_name(Dataset.model_construct())


def test_when_something_counts_in_series_is_compared_between_groups(
    chapter: Callable[[list[str]], Material], tmp_path: Path
) -> None:
    """On Mondays something happens at the last of four steps, on Tuesdays at the first."""
    random = np.random.default_rng(0)
    values = 0.1 * random.normal(size=(160, 4))
    days = np.array(["mon", "tue"])[np.arange(160) % 2]
    values[np.arange(160), np.where(days == "mon", 3, 0)] += 4 * random.choice([-1, 1], size=160)
    table = pd.DataFrame(values, columns=[f"x{step}" for step in range(4)])
    table["day"], table["label"] = days, np.where(values.sum(axis=1) > 0, "up", "down")
    table.to_csv(tmp_path / "series.csv", index=False)
    material = chapter(
        [
            "data=series", f"data.path={tmp_path / 'series.csv'}", "data.label=label", "data.groups=[day]",
            "data.test_share=0.9", "model.factory=looking:steps", "method=[occlusion]",
        ]
    )  # fmt: skip
    assert material.groups
    (found,) = material.groups.explained.roles
    differs = {role.feature: role.size["mon"].value > role.size["tue"].value for role in found.features if role.differs}
    assert differs == {"step 0": False, "step 3": True}


MIXED = '''
import numpy as np

def rows(several=False):
    """160 pictures beside a table: in the south the picture counts for more; two labels where several are asked for."""
    random = np.random.default_rng(0)
    table = random.normal(size=(160, 2))
    images = random.uniform(0, 0.2, size=(160, 6, 6, 1))
    south = np.arange(160) % 2 == 1
    images[:, :2, :2] += np.where(south, 5, 1)[:, None, None, None] * random.uniform(0.5, 1, size=(160, 1, 1, 1))
    label = table[:, 0] + images[:, :2, :2].mean(axis=(1, 2, 3))
    return {
        "inputs": {"table": {"values": table, "features": ["income", "hours"]},
                   "image": {"values": images, "kind": "image", "bounds": (0, 6)}},
        "labels": np.stack([label, -label], axis=1) if several else label, "task": "regression",
        "label_name": ["gain", "loss"] if several else "gain",
        "split": np.where(np.arange(160) < 20, "train", "test"),
        "groups": {"region": np.where(south, "南", "北"), "income": np.where(table[:, 0] > 0, "above 0", "below 0")},
    }

def net(several=False):
    def values(inputs):
        found = inputs["table"][:, :1] + inputs["image"][:, :2, :2].mean(axis=(1, 2))
        return np.concatenate([found, -found], axis=1) if several else found
    return values
'''


@pytest.mark.parametrize("several", [False, True])
def test_a_picture_beside_a_table_has_its_parts_and_the_table_its_columns(
    own_module: Callable[[str, str], None], chapter: Callable[[list[str]], Material], several: bool
) -> None:
    """Also of one of several labels. A protected column is asked about by columns and by how light parts of the picture
    are, of which none tells the income."""
    own_module("mixed", MIXED)
    words = ["data=factory", "data.factory=mixed:rows", "model.factory=mixed:net", "method=[occlusion]"]
    words += [] if several else ["target=value"]
    words += ["data.arguments={several: true}", "model.arguments={several: true}", "target.outputs=[loss]"] * several
    material = chapter([*words, "data.protected=[income]"])
    assert material.groups
    assert material.groups.measured
    region, _ = material.groups.explained.roles
    differs = {role.feature: role.size["南"].value > role.size["北"].value for role in region.features if role.differs}
    assert differs == {"image, top left": True}
    (income,) = material.groups.explained.protected
    assert [proxy.tells for proxy in income.proxies if "image" in proxy.feature] == [False] * 3
    text = said(material)
    assert "Of pictures a feature is one of nine parts of the frame" in text
    assert "Protected is income." in text
    with spoken("ja"):
        assert "左上" in repr(roles.blocks(material, material.groups.explained))
