"""What a notebook has computed when its last cell has run: asked in its kernel, wherever it was run.

Each notebook is run once in each environment. Those that tests/browser opens in a JupyterLab are run there, and the
checks made there are these; tests/notebooks leaves them out where it is told that the browser tests run too.
"""

import re
from typing import Any, List

from tests.support.places import ROOT

IN_BROWSER = {
    path.stem[-2:]: path.relative_to(ROOT) for path in (ROOT / "tests" / "browser").glob("test_notebook_[0-9][0-9].py")
}

BAR = re.compile(r"[0-9] ?(photos|boxes|it)/s")

_WAY = re.compile(r"<summary>One way</summary>.*?```python\n(.*?)```", re.DOTALL)

# Run after the notebook's last cell, in its kernel.
_CHECKS = {
    "01-find-similar-photos": """
        assert len(data) == model.num_examples == 199 and len(bad) == 0
        assert list(similar_images["rank"]) == list(range(1, 11))
        assert similar_images["reference_label"][0] == 0 and similar_images["distance"][0] == 0
        assert list(similar_images["distance"]) == sorted(similar_images["distance"])
        assert len(similar_image_index) == 9
        assert sorted(data[filtered_index]["id"]) == sorted(similar_image_index)
        assert precision_at(model, k=10) > 0.95
    """,
    "02-pick-a-photo": """
        assert picker.chosen is not None and len(picker.found) == picker.k
        assert picker.found["query_label"][0] == picker.chosen
        assert list(picker.found["distance"]) == sorted(picker.found["distance"])
    """,
    "03-explore": """
        assert model.num_examples == 199 and explorer.chosen is None and explorer.found is None
        assert list(found["distance"]) == sorted(found["distance"]) and len(found) == len(narrowed) == 5
        assert list(found["reference_label"]) != list(narrowed["reference_label"])
        assert min(narrowed["reference_label"]) >= 99 > min(found["reference_label"])
        assert model.regions is not None
        assert list(explorer.selected) == [0, 1, 2] and len(explorer.labels) == 0
    """,
    "04-compare-methods": """
        assert [row["model"] for row in comparison.frame] == [name for name in MODELS for _ in range(2)]
        pixels_of, network = comparison.frame[0], comparison.frame[len(comparison.frame) - 1]
        assert network["precision_at_10"] > 0.95 > 0.8 > pixels_of["precision_at_10"]
        assert network["low"] <= network["precision_at_10"] <= network["high"]
        assert len(ranked) == 199
    """,
    "05-train-an-autoencoder": """
        assert model.num_examples == 199 and model.vectors.shape == (199, 16)
        losses = list(autoencoder.losses["validation_loss"])
        assert losses[autoencoder.best_epoch - 1] == min(losses) < 0.025
        assert 0.7 < precision_at(model, k=10) < precision_at(pretrained, k=10)
        assert list(again.losses) == list(autoencoder.losses)
    """,
    "06-map-the-collection": """
        assert atlas.positions.shape == (199, 2) and 0 <= atlas.positions.min() < atlas.positions.max() <= 1
        assert groups.scores().rand > 0.9 and sum(groups.sizes) == 199
        assert suggested.k == 2 and len(copies.groups) == 0 and len(odd) == 199
        assert [len(group) for group in among.groups] == [2, 2, 2]
    """,
    "07-field-camera": """
        from helpers.season.timeline.tables import activity_of
        assert list(report["camera"]) == ["brook/B2"] and len(clock_report(data)) == 0
        assert len(set(data["event"])) == 217 and set(data["night"]) == {0, 1}
        assert all(SPECIES in labels_of(event) for event in confirmed["event"]) and len(confirmed) >= 28
        assert abs(activity_of(sightings).peak - 1.5) < 1 and sites == ["brook", "meadow", "wood"]
        whole, animal = (species_precision(each, "species", progress=False) for each in (Season(model, data), season))
        assert animal.precision >= 2 * whole.precision > 0.5
        assert len(check_camtrap(package)) == 0
    """,
    "08-share-a-collection": """
        assert job.state == "done" and len(data) == job.total == 199 and job.bad == 0
        assert list(found["distance"]) == sorted(found["distance"]) and first not in list(found["reference_label"])
        assert first in list(answer["reference_label"]) and len(answer) == 5
        assert folders == ["bolu", "tarn"] and server.is_running
        assert list(client.search(mirrored.getvalue(), k=10, min_score=least)["score"]) == list(answer["score"][:3])
    """,
    "09-many-photos": """
        assert model.num_examples == len(data) == 199
        assert first.timings["kept"] == 0 and model.timings["kept"] == 199 and fresh.timings["kept"] == 0
        assert (model.vectors == fresh.vectors).all()
        assert quick.precision == "int8" and quick.agreement > 0.85
        exact, rounded, small = bits.frame
        assert [exact["precision"], rounded["precision"], small["precision"]] == ["fp32", "bf16", "int8"]
        assert exact["precision_at_10"] - small["precision_at_10"] < 0.01 and small["agreement"] > 0.85
        assert exact["agreement"] is None and (rounded["note"] or rounded["agreement"] > 0.85)
        assert approximate.index.recall > 0.95
    """,
    "10-ask-in-words": """
        assert len(names) == 1000 and list(found["rank"]) == list(range(1, 11))
        assert abs(shares[rows].sum() - found["score"][0]) < 0.005
        assert set(found["word"]) <= {names[row] for row in rows}
        assert sum(described.words["photos"]) == 199 and len(words.cluster_words) == len(groups.sizes)
        assert explorer.found["query_label"][0] == WORD
    """,
}


def check_of(notebook: str) -> str:
    """The code that fails where the notebook computed something else than it says."""
    return "\n".join(line.strip() for line in _CHECKS[notebook].strip().splitlines())


def answers_of(notebook: Any) -> List[str]:
    """For each exercise the code that the notebook shows as one way, with the check of its answer in the end."""
    answers = []
    for cell in notebook.cells:
        for code in _WAY.findall(cell.source) if cell.cell_type == "markdown" else ():
            number = len(answers) + 1
            answers.append(f"{code}\ncheck_{number}(answer_{number})")
    return answers
