"""In which precision a network runs: fp32, bf16 or int8. Begin with `settle.py`: who decides, and how.

What it measures on photos is in `trial.py`, what stays known from one day to
the next in `remembered.py`, and the outcome in `settled.py`.
"""
