"""The language encoder that ships with the package: meaning, emotions, pain, delight, need.

`model.py` runs the network, `emotions.py` rolls its 28 emotions up to those of UX research.
The files beside them (`model.onnx`, `tokenizer.json`, `model.json`) are made by `training/`;
`MODEL_CARD.md` says from what, and how good they are.
"""

from cjm_research.coding.encoder.emotions import EMOTIONS, ROLL_UP, score_texts
from cjm_research.coding.encoder.model import Encoded, Encoder, EncoderError, load_encoder

__all__ = [
    "EMOTIONS",
    "ROLL_UP",
    "Encoded",
    "Encoder",
    "EncoderError",
    "load_encoder",
    "score_texts",
]
