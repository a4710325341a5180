"""Which sightings count for rates, such as events per 100 camera-days: those within the dates of their deployment."""

from typing import Dict, List

from helpers.photos.deployments import Deployment
from helpers.season.sighting import Sighting


def during(sightings: List[Sighting], deployments: List[Deployment]) -> List[Sighting]:
    """The sightings within the dates of their deployment; the others cannot be compared with effort."""
    by_name = {deployment.name: deployment for deployment in deployments}
    return [
        sighting
        for sighting in sightings
        if sighting.deployment in by_name and by_name[sighting.deployment].covers(sighting.start)
    ]


def outside(sightings: List[Sighting], deployments: List[Deployment]) -> Dict[str, int]:
    """How many sightings that have a date are not `during` their deployment, by the reason."""
    by_name = {deployment.name: deployment for deployment in deployments}
    counts: Dict[str, int] = {}
    for sighting in sightings:
        deployment = by_name.get(sighting.deployment or "")
        if sighting.start is None or (deployment is not None and deployment.covers(sighting.start)):
            continue
        if deployment is None:
            reason = "whose deployment is not in the table"
        elif not deployment.has_dates:
            reason = "whose deployment has no dates"
        elif deployment.failed(sighting.start):
            reason = "while their camera had a problem"
        else:
            reason = "beyond the dates of their deployment"
        counts[reason] = counts.get(reason, 0) + 1
    return counts
