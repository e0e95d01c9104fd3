"""The network as an ONNX graph that gives a text the same score in every batch.

Linear layers take 8-bit activations with a scale per token (dynamic, so nothing is calibrated
on data) and 7-bit weights with a scale per output: 7 bits keep the sums of AVX2's 16-bit
instructions from saturating. All the rest is float32, row by row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from network import HEADS, LAYERS
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

CONTRIB = "com.microsoft"
POSITIONS = 256
WEIGHT_LIMIT = 63

Array = NDArray[Any]


class GraphWriter:
    """Nodes and constants as they are named, in order."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def const(self, name: str, value: Any) -> str:
        """Store a constant and return its name."""
        self.constants[name] = numpy_helper.from_array(np.array(value, order="C"), name)
        return name

    def op(self, kind: str, inputs: list[str], name: str, domain: str = "", **options: Any) -> str:
        """Add a node with one output and return the output's name."""
        self.nodes.append(
            helper.make_node(kind, inputs, [name], name=name, domain=domain, **options)
        )
        return name

    def contrib(self, kind: str, inputs: list[str], name: str, **options: Any) -> str:
        """Add a node of ONNX Runtime's own operators."""
        return self.op(kind, inputs, name, CONTRIB, **options)

    def linear(self, x: str, weight: Array, name: str, smooth: Array | None = None) -> str:
        """Multiply by an int8 weight; `weight` is outputs x inputs, `smooth` one number an input.

        Inputs that are large in every text would leave few of the 255 levels to the others.
        `smooth` moves their size into the weights (SmoothQuant, Xiao et al. 2023).
        """
        if smooth is not None:
            inverse = self.const(f"{name}.smooth", (1 / smooth).astype("float32"))
            x = self.op("Mul", [x, inverse], f"{name}.smoothed")
            weight = weight * smooth
        absolute = self.op("Abs", [x], f"{name}.abs")
        largest = self.op("ReduceMax", [absolute, "last"], f"{name}.max", keepdims=1)
        # A row of zeros would divide by zero.
        step = self.op(
            "Max", [self.op("Mul", [largest, "1/127"], f"{name}.st"), "tiny"], f"{name}.step"
        )
        levels = self.op("Round", [self.op("Div", [x, step], f"{name}.div")], f"{name}.round")
        shifted = self.op("Add", [levels, "128.0"], f"{name}.shift")
        codes = self.op("Cast", [shifted], f"{name}.codes", to=TensorProto.UINT8)
        scale = best_scale(weight)
        product = self.contrib(
            "MatMulIntegerToFloat",
            [
                codes,
                self.const(f"{name}.weight", _levels(weight, scale).astype("int8").T),
                "1.0",
                self.const(f"{name}.scale", scale.astype("float32")),
                "128",
                self.const(f"{name}.zero", np.zeros(len(scale), "int8")),
            ],
            f"{name}.product",
        )
        return self.op("Mul", [product, step], f"{name}.out")


def best_scale(weight: Array) -> Array:
    """Return the step of each output's levels that loses least, cutting the largest if need be."""
    largest = np.maximum(np.abs(weight).max(1) / WEIGHT_LIMIT, 1e-12)
    tried = [largest * share for share in (1.0, 0.95, 0.9, 0.85, 0.8, 0.7)]
    lost = [((_levels(weight, step) * step[:, None] - weight) ** 2).sum(1) for step in tried]
    return np.choose(np.argmin(lost, axis=0), tried)


def _levels(weight: Array, scale: Array) -> Array:
    return np.clip(np.round(weight / scale[:, None]), -WEIGHT_LIMIT, WEIGHT_LIMIT)


def build_graph(state: dict[str, Array], smooth: dict[str, Array]) -> onnx.ModelProto:
    """Return the model: `ids`, `kinds` (texts x tokens) in; `meaning`, `emotions`, `signals` out.

    Parameters
    ----------
    state : dict
        Weights of `Network`, as arrays; the heads already calibrated.
    smooth : dict
        Linear layer ("layers.0.qkv", ".inner", ".outer") to a positive number per input.
    """
    w = GraphWriter()
    for name, value in (
        ("last", np.array([-1])), ("1/127", np.float32(1 / 127)), ("tiny", np.float32(1e-9)),
        ("128.0", np.float32(128)), ("128", np.uint8(128)), ("1.0", np.float32(1)),
    ):  # fmt: skip
        w.const(name, value)
    x = _embed(w, state)
    for n in range(LAYERS):
        x = _layer(w, state, smooth, f"layers.{n}", x)
    pooled = _pool(w, x)
    for head in ("meaning", "emotions", "signals"):
        # The weight stands on the left: so every text is a product of its own, whatever the batch.
        weight = w.const(f"{head}.weight", state[f"{head}.weight"])
        bias = w.const(f"{head}.bias", state[f"{head}.bias"][:, None])
        product = w.op("MatMul", [weight, pooled], f"{head}.product")
        column = w.op("Add", [product, bias], f"{head}.column")
        w.op("Squeeze", [column, "last"], head)
    graph = helper.make_graph(
        w.nodes,
        "cjm_encoder",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"])
            for name in ("ids", "kinds")
        ],
        [
            helper.make_tensor_value_info(
                head, TensorProto.FLOAT, ["texts", len(state[f"{head}.bias"])]
            )
            for head in ("meaning", "emotions", "signals")
        ],
        list(w.constants.values()),
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid(CONTRIB, 1)],
        ir_version=9,
        producer_name="cjm_research",
    )
    onnx.checker.check_model(model)
    return model


def _embed(w: GraphWriter, state: dict[str, Array]) -> str:
    """Word vectors are int8 with a scale per word; positions and segments are added to them."""
    words = state["words.weight"]
    scale = np.maximum(np.abs(words).max(1, keepdims=True) / 127, 1e-12)
    codes = w.const("words.weight", np.round(words / scale).astype("int8"))
    found = w.op("Cast", [w.op("Gather", [codes, "ids"], "words.codes")], "words.float", to=1)
    scales = w.op("Gather", [w.const("words.scale", scale.astype("float32")), "ids"], "words.step")
    word = w.op("Mul", [found, scales], "words")
    kind = w.op("Gather", [w.const("kinds.weight", state["kinds.weight"]), "kinds"], "kinds.of")
    shape = w.op("Shape", ["ids"], "shape")
    n_tokens = w.op("Gather", [shape, w.const("second", np.array([1]))], "tokens.n")
    table = w.const("positions.weight", state["positions.weight"][:POSITIONS])
    begin, first = w.const("begin", np.array([0])), w.const("first", np.array([0]))
    place = w.op("Slice", [table, begin, n_tokens, first], "positions")
    total = w.op("Add", [w.op("Add", [word, kind], "word_kind"), place], "tokens")
    norm = [w.const(f"norm.{part}", state[f"norm.{part}"]) for part in ("weight", "bias")]
    return w.op("LayerNormalization", [total, *norm], "embedded", axis=-1, epsilon=1e-12)


def _layer(
    w: GraphWriter, state: dict[str, Array], smooth: dict[str, Array], name: str, x: str
) -> str:
    def weight(part: str) -> Array:
        return state[f"{name}.{part}"]

    def const(part: str) -> str:
        return w.const(f"{name}.{part}", weight(part))

    def linear(x: str, part: str, short: str) -> str:
        return w.linear(x, weight(part), f"{name}.{short}", smooth.get(f"{name}.{short}"))

    product = linear(x, "self_attn.in_proj_weight", "qkv")
    qkv = w.op("Add", [product, const("self_attn.in_proj_bias")], f"{name}.qkv.biased")
    parts = [f"{name}.{part}" for part in ("query", "key", "value")]
    w.nodes.append(
        helper.make_node("Split", [qkv], parts, name=f"{name}.split", axis=-1, num_outputs=3)
    )
    attended = w.contrib("MultiHeadAttention", parts, f"{name}.attended", num_heads=HEADS)
    mixed = linear(attended, "self_attn.out_proj.weight", "mixed")
    x = w.contrib(
        "SkipLayerNormalization",
        [mixed, x, const("norm1.weight"), const("norm1.bias"), const("self_attn.out_proj.bias")],
        f"{name}.first", epsilon=1e-12,
    )  # fmt: skip
    inner = linear(x, "linear1.weight", "inner")
    active = w.contrib("BiasGelu", [inner, const("linear1.bias")], f"{name}.active")
    outer = linear(active, "linear2.weight", "outer")
    return w.contrib(
        "SkipLayerNormalization",
        [outer, x, const("norm2.weight"), const("norm2.bias"), const("linear2.bias")],
        f"{name}.second", epsilon=1e-12,
    )  # fmt: skip


def _pool(w: GraphWriter, x: str) -> str:
    """Return the mean over the tokens of the text itself, as columns (texts x width x 1)."""
    kind_of_last = w.op(
        "Slice",
        ["kinds", "last", w.const("end", np.array([2**62])), w.const("tokens.axis", np.array([1]))],
        "kinds.last",
    )  # fmt: skip
    own = w.op("Cast", [w.op("Equal", ["kinds", kind_of_last], "own")], "own.float", to=1)
    n_own = w.op("ReduceSum", [own, "last"], "own.n", keepdims=1)
    share = w.op("Unsqueeze", [w.op("Div", [own, n_own], "own.share"), "last"], "own.column")
    turned = w.op("Transpose", [x], "turned", perm=[0, 2, 1])
    return w.op("MatMul", [turned, share], "pooled")
