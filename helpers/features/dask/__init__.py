"""The work of features on the machines of a Dask cluster."""
