"""What pages say of published studies and of signs: facts of the words, without a run."""

import numpy as np
import pytest
import yaml

from exhibit.tasks.data.folder import PhotographsSpec
from exhibit.tasks.document import image, table
from exhibit.tasks.document.chapter import chapter
from exhibit.tasks.document.common import direction
from exhibit.tasks.document.multimodal import _constant
from exhibit.tasks.methods.shap_gradient import GradientShapSpec
from exhibit.tasks.methods.shap_kernel import KernelShapSpec
from exhibit.tasks.methods.shap_partition import PartitionShapSpec
from exhibit.tasks.models.zoo.multimodal import MultimodalSpec
from exhibit.tasks.records.explanation import Aggregate, InputSummary
from tests import points
from tests.conftest import ROOT


def test_photographs_are_squeezed_as_published_or_cropped() -> None:
    """Chainer's `prepare` squeezes to 224 by 224; the classes that the article read are printed."""
    assert PhotographsSpec(paths=("a.jpg",)).frame.resize == 256
    assert yaml.safe_load((ROOT / "conf/data/pexels_squeezed.yaml").read_text())["resize"] is None
    read = yaml.safe_load((ROOT / "conf/data/pexels.yaml").read_text())["read_as"]
    assert read == ["basketball", "trailer truck", "basenji"]
    with pytest.raises(ValueError, match="2 in read_as: give one per photograph"):
        PhotographsSpec(paths=("a.jpg",), labels=("basenji",), read_as=("a", "b"))


def test_the_study_of_monkeys_says_that_the_article_explains_the_probability() -> None:
    note = yaml.safe_load((ROOT / "conf/target/monkeys.yaml").read_text())["note"]
    item = points.inputs("image")
    one = points.material("x", [points.method("a", np.ones((8, 8)), item, ())], item)
    one = one.model_copy(update={"score_note": note})
    said = repr(chapter(one, {}))
    assert "The article explains the probability after the softmax; here it is the logit" in said
    assert "override /target: monkeys" in (ROOT / "conf/study/monkeys.yaml").read_text()


def test_the_net_of_several_inputs_says_where_its_training_is_not_that_of_the_article() -> None:
    said = "The article that this net is from trains it for 20 epochs, on pixels and token ids as they are"
    assert said in MultimodalSpec().training
    assert said in MultimodalSpec(scaled=False).training
    published = yaml.safe_load((ROOT / "conf/model/multimodal_published.yaml").read_text())
    assert "article" not in MultimodalSpec(scaled=published["scaled"], epochs=published["epochs"]).training
    assert "article" not in MultimodalSpec(fit="never", weights="net.npz").training


def test_no_framework_is_named_by_a_method_that_both_have() -> None:
    said = str(GradientShapSpec(layer="any").departure)
    assert said
    assert not [name for name in ("torch", "keras", "tensorflow") if name in said.lower()]


def test_partition_prints_the_formula_of_owen() -> None:
    assert PartitionShapSpec().formula != KernelShapSpec().formula
    assert "2<sup>−<i>d</i></sup>" in PartitionShapSpec().formula


def test_of_a_constant_text_it_is_said_what_a_baseline_of_zeros_would_do() -> None:
    zero = InputSummary(input="text", total=np.zeros((2, 1)), absolute=np.zeros((2, 1)), median=np.zeros(1))
    assert "against a baseline of zeros there would be" in _constant("text", zero)


@pytest.mark.parametrize("aggregate", ["abs", "square"])
def test_what_has_no_sign_is_never_described_as_signed(aggregate: Aggregate) -> None:
    lengths = points.inputs("table")
    method = points.method("a", np.arange(1.0, 5), lengths, points.LENGTHS, aggregate)
    material = points.material("x", [method.model_copy(update={"additive": False})], lengths)
    assert "have no sign" in direction(material, method)
    said = repr((table.figures(material, {}), table.sections(material)))
    assert "+" not in said.replace("+/-", "")
    assert "mean a " not in said
    assert "Red" not in said
    picture = points.inputs("image")
    of_pixels = points.method("a", np.ones((8, 8)), picture, (), aggregate)
    words = image.reading_of_colours(points.material("y", [of_pixels], picture))
    assert "no sign" in words
    assert "Red" not in words
