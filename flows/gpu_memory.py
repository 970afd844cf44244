"""Where the memory of a GPU ends, half as many samples at a time are tried."""

from collections.abc import Iterator

from exhibit.flows.config import Report
from exhibit.tasks.records.base import InputError

# As torch and TensorFlow name it; neither is imported for that.
_ENDED = {("torch", "OutOfMemoryError"), ("tensorflow", "ResourceExhaustedError")}


def ended(error: BaseException) -> bool:
    """Whether it says that the memory of a GPU ended."""
    return any((type(one).__module__.partition(".")[0], type(one).__name__) in _ENDED for one in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def with_half(report: Report, error: Exception) -> tuple[Report, str]:
    """The report with half of `compute.batch`, which is a part of every key and of the evidence; and what is said.

    Raises:
        InputError: where the batch is a single sample already.
    """
    batch = report.compute.batch
    if batch == 1:
        raise InputError(
            "the memory of the GPU ends with compute.batch=1, a single sample at a time; give compute.device=cpu, or "
            "explain smaller inputs"
        ) from error
    fewer = report.compute.model_copy(update={"batch": batch // 2})
    said = f"compute.batch: the memory of the GPU ends with {batch} samples at a time; going on with {batch // 2}"
    return report.model_copy(update={"compute": fewer}), said
