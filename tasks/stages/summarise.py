"""The stage `summarise`: attributions of all samples as importances."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from exhibit.tasks.methods.method import Method
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.explanation import Attribution, Importance, Selection, Summary
from exhibit.tasks.records.packing import canonical_json, pack
from exhibit.tasks.stages.stage import FinishedStage, read, run_stage
from exhibit.tasks.store import Digest, Store


def summarise(
    store: Store, method: Method, dataset: Digest, explained: Digest, shards: Sequence[tuple[int, int, Digest]]
) -> FinishedStage:
    """Outputs "summary", and "content": a digest of the attributions that does not depend on how they were cut."""
    from exhibit.tasks.methods.aggregate import content_digests

    def run() -> dict[str, bytes]:
        data, chosen = read(store, Dataset, dataset), read(store, Selection, explained)

        def parts() -> Iterator[Attribution]:
            return (read(store, Attribution, digest) for _, _, digest in shards)

        summary = summed(method, data.take(chosen.explained), chosen.target_names, parts)
        return {"summary": pack(summary), "content": canonical_json(content_digests(parts()))}

    return run_stage(
        store,
        summarise,
        {"aggregate": method.aggregate},
        {"dataset": dataset, "explained": explained, "shards": [digest for _, _, digest in shards]},
        run,
    )


def summed(
    method: Method,
    rows: Dataset,
    target_names: tuple[str, ...],
    parts: Callable[[], Iterable[Attribution]],
) -> Summary:
    """What the attributions of all `rows` say together. `parts`: them, part by part, each time that it is called."""
    from exhibit.tasks.data.features import feature_names, features
    from exhibit.tasks.methods.aggregate import (
        aggregated,
        class_means,
        importances,
        input_summary,
        mean_absolute,
        on_pixels,
    )

    def sums(item: Input) -> Iterator[tuple[Input, Array]]:
        """Part by part: the input's samples and their attributions without channels."""
        start = 0
        for part in parts():
            values = aggregated(part, item.name, item.kind, method.aggregate)
            yield item.take(np.arange(start, start + len(values))), on_pixels(values, item)
            start += len(values)

    all_importances: list[Importance] = []
    means: dict[str, Array] = {}
    for item in rows.inputs:
        per_feature = (features(samples, values) for samples, values in sums(item))
        all_importances += importances(
            item.name, feature_names(item), target_names, method.aggregate, per_feature, grouped=item.traits.grouped
        )
        if item.aligned and rows.classes:
            means[item.name] = class_means((v for _, v in sums(item)), rows.labels, len(rows.classes))
    profiles = {
        item.name: mean_absolute(values for _, values in sums(item)) for item in rows.inputs if item.traits.timed
    }
    several = rows.inputs if len(rows.inputs) > 1 else ()
    whole = tuple(input_summary(item.name, (values for _, values in sums(item))) for item in several)
    return Summary(importances=tuple(all_importances), class_means=means, profiles=profiles, inputs=whole)
