"""Themes of pain points: found, named, held against resamples, and frozen.

`clustering` groups vectors, `stability` does so again on resamples, `naming` finds words and
an example, `model` keeps themes that excerpts join, `coder` makes codes of it all.
"""

from cjm_research.coding.themes.clustering import Clustering, cluster_vectors
from cjm_research.coding.themes.coder import NEW, ThemeCoder, embed_definitions
from cjm_research.coding.themes.description import THEME_COLUMNS, describe_themes
from cjm_research.coding.themes.model import (
    Themes,
    freeze_themes,
    read_themes,
    refit_themes,
    replace_frozen,
)
from cjm_research.coding.themes.stability import STABLE, Stability, measure_stability

__all__ = [
    "NEW",
    "STABLE",
    "THEME_COLUMNS",
    "Clustering",
    "Stability",
    "ThemeCoder",
    "Themes",
    "cluster_vectors",
    "describe_themes",
    "embed_definitions",
    "freeze_themes",
    "measure_stability",
    "read_themes",
    "refit_themes",
    "replace_frozen",
]
