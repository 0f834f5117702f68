"""The Django project: settings and entry points. It assembles and holds no rule."""

__version__ = "0.1.0"
