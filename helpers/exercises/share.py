"""The exercises of notebook 08."""

from typing import Any, Tuple

from helpers.errors import NotFound
from helpers.exercises.check import Check, WrongAnswer, choice_of, frame_in, numbered, same_matches
from helpers.frames import Frame

_K = 5
_FATES = ("lost", "starts again", "goes on")


def service_checks(client: Any, data: Frame) -> Tuple[Check, ...]:
    """The checks of notebook 08, whose service has to be running.

    Parameters
    ----------
    client : Client
    data : SFrame
        The images, as `client.images()` gives them.

    Returns
    -------
    tuple of Check
        Of the frame of the 5 images most similar to the last by the Euclidean distance, of the ids on `shelf-2` whose
        nearest image is on `shelf-1`, and of what becomes of a job when the service ends: `"lost"`, `"starts again"`
        or `"goes on"`.
    """

    def last_image(answer: Any) -> str:
        found = frame_in(answer, "client.similar")
        last = data["id"][len(data) - 1]
        wanted = client.similar(last, k=_K, metric="euclidean")
        if set(found["query_label"]) - {last}:
            raise WrongAnswer("These are the images most similar to another one than the last.")
        near = [abs(a - b) <= 1e-3 * max(1, abs(b)) for a, b in zip(found["distance"], wanted["distance"])]
        if same_matches(found, wanted) and all(near):
            return "By the Euclidean distance, distances are much larger than 1."
        if len(found) != len(wanted):
            raise WrongAnswer(f"These are {len(found)} images, and {len(wanted)} are asked for.")
        raise WrongAnswer("These distances are no Euclidean ones: which metric does similar take by itself?")

    def crossing(answer: Any) -> str:
        try:
            images = client.product("shelf-2").images
        except NotFound:
            images = []
        wanted = {id for id in images for shelves in client.similar(id, k=1)["products"] if "shelf-1" in shelves}
        try:
            given = {int(id) for id in answer}
        except (TypeError, ValueError):
            raise WrongAnswer("The answer is a list of ids; an empty one where there are none.") from None
        if given - set(images):
            raise WrongAnswer(f"{len(given - set(images))} of these are not on the second shelf.")
        if given - wanted:
            raise WrongAnswer(
                f"{len(given - wanted)} of these have their nearest image elsewhere than on the first shelf."
            )
        if wanted - given:
            raise WrongAnswer("There are more of them.")
        return f"{len(wanted)} of {len(images)} images."

    fate = choice_of(
        _FATES,
        "goes on",
        [
            "A job is kept with the images, and so are the features of each batch.",
            "What is done is kept: no photo is computed twice.",
        ],
        "client.jobs() shows it, with one attempt more.",
    )
    return numbered(last_image, crossing, fate)
