"""How often the number of groups that `suggest_k` suggests is the number of kinds of photos, and what it says of that.

Sets whose kinds are known: the drawn robots, the drawn season's species, and, where `../shared/data` has them, the
cartoons, a forest's species, and mixtures of 3 to 8 kinds, of which each folder of a camera or of a figure is one.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List

from benchmarks.animals import FOREST, species_in
from benchmarks.bench import Bench
from benchmarks.process import ROOT, Task
from benchmarks.table import Row, row

_SHARED = ROOT.parent / "shared" / "data"
_MIXTURES, _MOST = 3, 60  # of each number of kinds, and photos of a kind
_CERTAINTIES = ("sure", "fair", "unsure")


def rows(bench: Bench) -> Iterator[Row]:
    """How many of the sets get the right number, by what the suggestion says of its certainty."""
    arguments = {"season": str(bench.scratch / "season"), "network": bench.builtin()}
    environment = {"KINFRAME_CACHE": str(bench.scratch / "cache")}
    tried = bench.runner.run(Task("benchmarks.kinds:measure", arguments, environment=environment), "suggest_k")["sets"]
    for certainty in (*_CERTAINTIES, "any"):
        some = [each for each in tried if certainty in ("any", each["certainty"])]
        right, near, among = (sum(each[how] for each in some) for how in ("right", "near", "among"))
        note = f"{near} at most one off, {among} with the right number among the candidates; "
        note += ", ".join(f"{each['name']} has {each['kinds']}: {each['k']}" for each in some)
        yield row(f"suggest_k, {certainty}: right", float(right), "sets", "tried", float(len(some)), note=note)


def measure(season: str, network: str) -> Dict[str, Any]:
    """What is suggested for each set."""
    import numpy as np

    from helpers import tc
    from helpers.collection.partition import components
    from helpers.collection.silhouettes import COMPONENTS, KS, suggest
    from helpers.photos.load import load_photos

    def features(folder: Path) -> Any:
        model = tc.image_similarity.create(load_photos(folder, progress=False)[0], model=network, verbose=False)
        return model.vectors, model.names

    def parted(vectors: Any, of: List[Any]) -> Dict[str, Any]:
        known = sorted({kind for kind in of if kind is not None})
        return {kind: vectors[[each == kind for each in of]] for kind in known}

    kinds: Dict[str, Any] = {}
    sets: Dict[str, List[Any]] = {}
    for folder in (ROOT / "data" / "robots", *(_SHARED / name for name in ("cartoons", "fieldcam", "forest", "owls"))):
        if folder.is_dir():
            vectors, names = features(folder)
            own = parted(vectors, [f"{folder.name} {name.rpartition('/')[0]}" for name in names])
            kinds.update(own)
            if folder.name in ("robots", "cartoons"):
                sets[folder.name] = list(own.values())
            if folder == FOREST:
                sets["a forest's species"] = list(parted(vectors, species_in(folder / "truth.csv", names)).values())
    if not Path(season).exists():
        subprocess.run([sys.executable, str(ROOT / "tools" / "draw_season.py"), season], check=True)
    vectors, names = features(Path(season) / "photos")
    species = species_in(Path(season) / "truth.csv", names)
    sets["the drawn season's species"] = list(parted(vectors, species).values())
    random = np.random.default_rng(0)
    for count in range(3, min(8, len(kinds)) + 1):
        for number in range(1, _MIXTURES + 1):
            chosen = sorted(random.choice(sorted(kinds), count, replace=False).tolist())  # nosec B311  # which sets are compared
            sets[f"mixture {count}.{number}"] = [kinds[kind][:_MOST] for kind in chosen]
    found = []
    for name, parts in sets.items():
        suggestion = suggest(components(np.concatenate(parts), "euclidean", COMPONENTS, 0), KS, 0, False)
        if suggestion is not None:
            count, k = len(parts), suggestion.k
            how = {"right": k == count, "near": abs(k - count) <= 1, "among": count in suggestion.candidates}
            found.append({"name": name, "kinds": count, "k": k, "certainty": suggestion.certainty, **how})
    return {"sets": found}
