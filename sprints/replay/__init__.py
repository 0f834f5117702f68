"""Run recorded history through the engine of today; simulate a sprint before it starts."""
