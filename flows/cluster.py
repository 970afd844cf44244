"""On which workers the tasks of a report compute: none, or those of the cluster that its config names."""

from contextlib import AbstractContextManager, nullcontext

from exhibit.flows.cluster_dask import dask_cluster
from exhibit.flows.cluster_ray import ray_cluster
from exhibit.flows.config import Report
from exhibit.tasks.stages.stage import Call, call_in_process

_CLUSTERS = {"dask": dask_cluster, "ray": ray_cluster}


def stage_caller(report: Report) -> AbstractContextManager[tuple[Call, int]]:
    """How a task calls its stage, and how many can run at once."""
    if (cluster := _CLUSTERS.get(report.runner.kind)) is not None:
        return cluster(report.runner, report.paths.store)
    return nullcontext((call_in_process, 2))
