"""Work in the background: a folder or a list of photos that is to be indexed."""

from fastapi import APIRouter, Body, Depends, Path, Response
from typing_extensions import Annotated

from helpers.service.http import responses
from helpers.service.http.forms import no_query
from helpers.service.http.problems import described
from helpers.service.http.requests import IndexBody
from helpers.service.service import Service

JobPath = Annotated[
    str,
    Path(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9-]+$",
        description="of a job",
        examples=["5f0c2a8e9d3b4c61"],
    ),
]

_LOCATION = {"Location": {"description": "Where to ask how far it is.", "schema": {"type": "string"}}}
_EXAMPLES = {
    "folder": {"summary": "a folder with all below it", "value": {"folder": "chairs"}},
    "photos": {
        "summary": "a list of photos, one of them of a product",
        "value": {"photos": ["chairs/red-01.jpg", {"path": "chairs/red-02.jpg", "products": ["chair-red"]}]},
    },
}


def job_routes(service: Service) -> APIRouter:
    """The routes to jobs."""
    routes = APIRouter(tags=["jobs"], dependencies=[Depends(no_query)])

    @routes.post(
        "/index",
        summary="Have a folder or a list of photos indexed",
        status_code=202,
        responses={**described(), 202: {"headers": _LOCATION, "description": "The job, which goes on by itself."}},
    )
    def index(body: Annotated[IndexBody, Body(openapi_examples=_EXAMPLES)], response: Response) -> responses.Job:
        """The same request, while its job has not ended, is answered with that job."""
        job = service.runner.submit(body.request())
        response.headers["Location"] = f"/jobs/{job.id}"
        return responses.Job.of(job)

    @routes.get("/jobs", summary="The newest jobs", responses=described())
    def jobs() -> responses.Jobs:
        return responses.Jobs(jobs=[responses.Job.of(job) for job in service.storage.jobs.newest()])

    @routes.get("/jobs/{job}", summary="A job", responses=described())
    def job(job: JobPath) -> responses.WholeJob:
        """With the first photos that it left out, and why."""
        found = service.storage.jobs.get(job)
        return responses.WholeJob.with_bad(found, service.storage.jobs.bad(job, responses.SHOWN))

    @routes.delete("/jobs/{job}", summary="Cancel a job", status_code=202, responses=described())
    def cancel(job: JobPath) -> responses.Job:
        """One that waits is cancelled at once, one that runs ends soon; what it did stays."""
        return responses.Job.of(service.runner.cancel(job))

    return routes
