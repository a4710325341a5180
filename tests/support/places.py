"""Where things are: the project, and the real photos that lie beside some of its copies."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
