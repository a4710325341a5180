"""Networks as ONNX graphs: written layer by layer, cut where the feature is, taken apart, and run."""
