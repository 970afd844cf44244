"""Summaries over samples have closed forms, and do not depend on how the samples were cut."""

from collections.abc import Callable

import numpy as np
import pytest

from exhibit.tasks.methods.aggregate import (
    aggregated,
    channel_sum,
    class_means,
    content_digests,
    importances,
    on_pixels,
)
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.explanation import Attribution, Importance

VALUES = np.random.default_rng(0).normal(size=(20, 3, 1))


def _importance(aggregate: str, *shards: np.ndarray) -> Importance:
    return importances("x", ("a", "b", "c"), ("t",), aggregate, shards)[0]


def test_means_are_numpys() -> None:
    found = _importance("raw", VALUES)
    assert found.mean == pytest.approx(VALUES.mean(axis=0)[:, 0])
    assert found.mean_absolute == pytest.approx(np.abs(VALUES).mean(axis=0)[:, 0])
    assert found.mean_square == pytest.approx((VALUES**2).mean(axis=0)[:, 0])


def test_of_one_sample_no_error_is_known() -> None:
    found = _importance("raw", VALUES[:1])
    assert found.share_error is not None
    assert np.isnan([found.standard_error, found.share_error]).all()


def test_means_of_groups_in_the_same_molecules_are_compared_as_pairs() -> None:
    """Of the first two groups every molecule has both: the variance of their difference is that of the differences.
    The first and the third are never in one molecule: it is the sum of both, as in Welch's test."""
    values = np.concatenate([VALUES, np.full((12, 3, 1), np.nan)])
    values[:, 0] += values[:, 1]
    values[:20, 2], values[20:, 2, 0] = np.nan, np.random.default_rng(1).normal(size=12)
    (found,) = importances("x", ("a", "b", "c"), ("t",), "raw", [values[:7], values[7:]], grouped=True)
    covariance = found.covariance
    assert covariance is not None
    apart = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assert apart == pytest.approx((values[:20, 0] - values[:20, 1]).var(ddof=1) / 20)
    assert covariance[0, 2] == pytest.approx(0)
    assert covariance[2, 2] == pytest.approx(values[20:, 2].var(ddof=1) / 12)


@pytest.mark.parametrize(("aggregate", "change"), [("raw", np.asarray), ("abs", np.abs), ("square", np.square)])
def test_the_standard_error_is_that_of_what_is_ranked(
    aggregate: str, change: Callable[[np.ndarray], np.ndarray]
) -> None:
    sizes = np.abs(change(VALUES[..., 0]))
    found = _importance(aggregate, change(VALUES))
    assert found.mean_absolute == pytest.approx(sizes.mean(axis=0))
    assert found.standard_error == pytest.approx(sizes.std(axis=0, ddof=1) / np.sqrt(20))


def test_the_error_of_a_share_is_that_of_the_ratio() -> None:
    """Of two features one has what the other lacks, so the errors are equal: 0.15 and 0.06 stood beside 67% and 33%."""
    sizes = np.random.default_rng(0).gamma(1, 1, (30, 2, 1)) * [[4.0], [1.0]]
    (two,) = importances("x", ("a", "b"), ("t",), "raw", [sizes[:11], -sizes[11:]])
    assert two.share_error is not None
    assert two.share_error[0] == pytest.approx(two.share_error[1])
    left = [np.delete(sizes[..., 0], row, axis=0).mean(axis=0) for row in range(30)]
    jackknife = np.array([one[0] / one.sum() for one in left])
    assert two.share_error[0] == pytest.approx(np.sqrt(29 / 30 * ((jackknife - jackknife.mean()) ** 2).sum()), rel=0.1)
    (together,) = importances("x", ("a", "b"), ("t",), "raw", [np.tile(sizes[:, :1], (1, 2, 1)) * [[3.0], [1.0]]])
    assert together.share_error == pytest.approx(0)  # three to one in every sample
    gaps = np.where(np.arange(30)[:, None, None] > 3, sizes, [[1.0], [np.nan]])
    assert importances("x", ("a", "b"), ("t",), "raw", [gaps])[0].share_error is None


@pytest.mark.parametrize(("aggregate", "total"), [("raw", -2.0), ("abs", 4.0), ("square", 10.0)])
def test_channels_are_aggregated_element_by_element(aggregate: str, total: float) -> None:
    """Channels 1 and -3: their sum is -2, that of absolutes 4, that of squares 10; no root after square."""
    part = _ragged(slice(2, 3), 1).model_copy(update={"values": {"m": np.array([1.0, -3.0]).reshape(1, 1, 2, 1)}})
    assert aggregated(part, "m", "molecule", aggregate).item() == total


def test_sampled_moments_are_used_where_there_are_any() -> None:
    """The mean of |a| over draws is not |mean of a|."""
    part = _ragged(slice(2, 3), 1).model_copy(update={"moments": {"m": np.array([0.0, 5.0, 25.0]).reshape(1, 1, 1, 3)}})
    assert [aggregated(part, "m", "molecule", kind).item() for kind in ("raw", "abs", "square")] == [0.0, 5.0, 25.0]


def test_a_layer_of_no_input_is_refused_with_a_sentence() -> None:
    with pytest.raises(InputError, match="layer"):
        aggregated(_ragged(slice(0, 1), 2), "other", "table", "raw")


def test_cutting_into_shards_changes_no_bit() -> None:
    whole, cut = _importance("raw", VALUES), _importance("raw", VALUES[:7], VALUES[7:8], VALUES[8:])
    assert np.array_equal(whole.mean, cut.mean)
    assert np.array_equal(whole.standard_error, cut.standard_error)


def test_a_feature_that_some_samples_lack_is_averaged_over_the_others() -> None:
    values = VALUES.copy()
    values[:15, 0] = np.nan
    values[:, 1] = np.nan
    found = _importance("raw", values)
    assert found.features == ("a", "c")
    assert found.count.tolist() == [5, 20]
    assert found.mean[0] == pytest.approx(VALUES[15:, 0].mean())


def test_channels_are_summed_so_that_the_total_is_kept() -> None:
    image = np.random.default_rng(1).normal(size=(2, 4, 4, 3, 2))
    assert channel_sum(image, "image").shape == (2, 4, 4, 2)
    assert channel_sum(image, "image").sum() == pytest.approx(image.sum())
    assert channel_sum(VALUES, "table") is VALUES


def test_class_means_are_means_per_class() -> None:
    maps = np.random.default_rng(2).normal(size=(6, 2, 2, 1))
    labels = np.array([0, 1, 0, 1, 0, 0])
    found = class_means([maps[:4], maps[4:]], labels, 3)
    assert found[1] == pytest.approx(maps[labels == 1].mean(axis=0))
    assert not found[2].any()


def test_what_has_no_label_is_in_no_mean_of_a_class() -> None:
    maps = np.arange(3.0).reshape(3, 1, 1, 1)
    found = class_means([maps], np.array([0, np.nan, 0]), 2)
    assert found.ravel().tolist() == [1, 0]


def _ragged(rows: slice, longest: int) -> Attribution:
    lengths = np.array([2, 3, 1])[rows]
    mask = np.arange(longest) < lengths[:, None]
    values = np.where(mask, np.arange(3)[rows, None] + np.arange(longest), 0.0)[..., None, None]
    column = np.zeros((len(lengths), 1))
    return Attribution(
        sample_ids=np.array(["a", "b", "c"])[rows],
        targets=column.astype(int),
        values={"m": values},
        mask={"m": mask},
        prediction=column,
        base_value=column,
        residual=column,
        steps=column.astype(int),
        converged=column.astype(bool),
    )


def test_the_content_digest_sees_neither_shards_nor_padding() -> None:
    whole = content_digests([_ragged(slice(0, 3), 3)])
    assert whole == content_digests([_ragged(slice(0, 1), 2), _ragged(slice(1, 3), 5)])
    assert whole != content_digests([_ragged(slice(1, 3), 3), _ragged(slice(0, 1), 2)])


def test_the_map_of_a_layer_keeps_its_total_on_the_pixels() -> None:
    """Two cells on four pixels: each half of a cell; three cells on four: the middle one lies on two pixels."""
    image = Input(name="x", kind="image", values=np.zeros((1, 2, 4, 3)))
    two, three = np.array([[[[4.0], [8.0]]]]), np.array([[[[3.0], [6.0], [9.0]]]])
    assert on_pixels(two, image)[0, :, :, 0] == pytest.approx(np.array([[1, 1, 2, 2]] * 2))
    assert on_pixels(three, image)[0, :, :, 0] * 2 == pytest.approx(np.array([[2.25, 3.75, 5.25, 6.75]] * 2) * 1.0)
    assert on_pixels(np.zeros((1, 2, 4, 1)), image).shape == (1, 2, 4, 1)
    large = np.random.default_rng(0).normal(size=(3, 7, 5, 2))
    found = on_pixels(large, Input(name="x", kind="image", values=np.zeros((3, 20, 13, 3))))
    assert found.sum(axis=(1, 2)) == pytest.approx(large.sum(axis=(1, 2)))
