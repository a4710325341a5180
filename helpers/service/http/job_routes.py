"""Jobs in the background, which index a folder or a list of photos."""

from typing import Any, Dict

from fastapi import APIRouter, Body, Path, Response
from typing_extensions import Annotated

from helpers.service.http.json_bodies import JsonRoute
from helpers.service.http.problems import LOCATION
from helpers.service.http.requests import INDEX_EXAMPLES, IndexBody
from helpers.service.http.responses import JobDetailsResponse, JobListResponse, JobResponse
from helpers.service.records import Job
from helpers.service.service import Service

_SHOWN = 100  # bad photos in the answer about a job

JobPath = Annotated[
    str,
    Path(
        min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$", description="of a job", examples=["5f0c2a8e9d3b4c61"]
    ),
]


def job_routes(service: Service) -> APIRouter:
    """The routes to jobs."""
    routes = APIRouter(tags=["jobs"], route_class=JsonRoute)

    @routes.post(
        "/index",
        summary="Index a folder or a list of photos",
        status_code=202,
        response_model=JobResponse,
        responses={202: {"headers": LOCATION, "description": "The job, which runs in the background."}},
    )
    def index(body: Annotated[IndexBody, Body(openapi_examples=INDEX_EXAMPLES)], response: Response) -> Job:
        """While a job with the same request has not ended, that job is the answer."""
        job = service.runner.submit(body.request())
        response.headers["Location"] = f"/jobs/{job.id}"
        return job

    @routes.get("/jobs", summary="The newest jobs", response_model=JobListResponse)
    def jobs() -> Dict[str, Any]:
        return {"jobs": service.storage.jobs.newest()}

    @routes.get("/jobs/{job}", summary="A job", response_model=JobDetailsResponse)
    def job(job: JobPath) -> Dict[str, Any]:
        """With the first photos that it left out, and why."""
        return {**service.storage.jobs.get(job)._asdict(), "bad_photos": service.storage.jobs.bad(job, _SHOWN)}

    @routes.delete("/jobs/{job}", summary="Cancel a job", status_code=202, response_model=JobResponse)
    def cancel(job: JobPath) -> Job:
        """A queued job is cancelled at once, a running one ends soon; what it has indexed stays."""
        return service.runner.cancel(job)

    return routes
