"""all-MiniLM-L6-v2's network: BERT's encoder (Devlin et al. 2019, "BERT", section 3), of torch's own layers.

transformers has it too, but importing that takes two seconds and 130 MB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

LAYERS: Final = 6
_WIDTH: Final = 384
_HEADS: Final = 12
_EPSILON: Final = 1e-12  # of the layer norms

_IN_LAYER: Final = {  # a layer's part in torch -> in BERT
    "self_attn.out_proj": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "linear1": "intermediate.dense",
    "linear2": "output.dense",
    "norm2": "output.LayerNorm",
}


class SentenceEncoder(nn.Module):
    """Token ids to a sentence's embedding: the mean of the last hidden states over the tokens, normalised.

    Args:
        weights: as BERT names them; the word embeddings are used where they are, not copied.
    """

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self._words = weights["embeddings.word_embeddings.weight"]  # [30522, 384]
        # A prompt is one segment, so that every token has the first token type.
        token_type = weights["embeddings.token_type_embeddings.weight"][0]
        self._places = weights["embeddings.position_embeddings.weight"] + token_type  # [512, 384]
        width = self._words.shape[1]
        self.norm = nn.LayerNorm(width, _EPSILON)
        self.layers = make_layers(LAYERS)
        self.load_state_dict(_as_torch_names_them(weights), assign=True)
        self.train(False)

    @property
    def longest(self) -> int:
        """Tokens that a text can have."""
        return len(self._places)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """[N, 384] unit vectors.

        Args:
            tokens: [N, L] int64, ids.
            mask: [N, L] int64, 1 at a token and 0 behind a text's end.
        """
        hidden = self.layers(self._embedded(tokens), src_key_padding_mask=mask == 0)
        share = mask.unsqueeze(-1).to(hidden.dtype)
        return nn.functional.normalize((hidden * share).sum(dim=1) / share.sum(dim=1), dim=1)

    def lower_states(self, tokens: Tensor, mask: Tensor | None, layers: int) -> Tensor:
        """[N, L, 384], the hidden states above the first `layers` layers.

        Args:
            tokens: [N, L] int64, ids.
            mask: as `forward` takes it; None where all texts are as long.
            layers: how many layers to go through, 0 to 6.
        """
        hidden = self._embedded(tokens)
        for layer in list(self.layers.layers)[:layers]:
            hidden = layer(hidden, src_key_padding_mask=None if mask is None else mask == 0)
        return hidden

    def levels(self, tokens: Tensor, mask: Tensor | None, layers: int = LAYERS) -> list[Tensor]:
        """Return the hidden states of each level, [N, L, 384]: of the words alone, and above each of the layers.

        Args:
            tokens: [N, L] int64, ids.
            mask: [N, L], 1 at a token and 0 behind a text's end; None where all texts are as long.
            layers: how many layers to go through, 0 to 6.
        """
        return self.continued([self._embedded(tokens)], mask, layers)

    def continued(self, levels: Sequence[Tensor], mask: Tensor | None, layers: int = LAYERS) -> list[Tensor]:
        """Return levels, which `levels` returned with fewer layers, with those above them up to `layers`.

        Args:
            levels: what is known.
            mask: as `levels` takes it.
            layers: how many layers to go through in all.
        """
        states = list(levels)
        for layer in list(self.layers.layers)[len(states) - 1 : layers]:
            states.append(run_layer(layer, states[-1], mask))
        return states

    def _embedded(self, tokens: Tensor) -> Tensor:
        return self.norm(nn.functional.embedding(tokens, self._words) + self._places[: tokens.shape[1]])


def make_layers(count: int, dropout: float = 0.0) -> nn.TransformerEncoder:
    """Return `count` layers of the network's shape, with weights of chance."""
    layer = nn.TransformerEncoderLayer(
        _WIDTH, _HEADS, 4 * _WIDTH, dropout=dropout, activation="gelu", layer_norm_eps=_EPSILON, batch_first=True
    )
    return nn.TransformerEncoder(layer, count, enable_nested_tensor=False)


def run_layers(layers: nn.TransformerEncoder, states: Tensor, mask: Tensor | None) -> Tensor:
    """Return the states above all of some layers, [N, L, 384]; the arguments are those of `run_layer`."""
    for layer in layers.layers:
        states = run_layer(layer, states, mask)
    return states


def run_layer(layer: nn.Module, states: Tensor, mask: Tensor | None) -> Tensor:
    """Return the states above a layer, [N, L, 384].

    Where nothing is learnt, the weights are read as half floats if the processor's kernels can: a prompt is so short
    that reading them from memory takes longer than multiplying.

    Args:
        layer: of `make_layers`.
        states: [N, L, 384], below it.
        mask: [N, L], 1 at a token and 0 behind a text's end; None where all texts are as long.
    """
    assert isinstance(layer, nn.TransformerEncoderLayer)
    halves = None if layer.training or not torch.is_inference_mode_enabled() else _halves_of(layer)
    if halves is None:
        above: Tensor = layer(states, src_key_padding_mask=None if mask is None else mask == 0)
        return above
    times = torch.ops.quantized.linear_dynamic_fp16
    count, length, width = states.shape
    asked = times(states, halves.asked).view(count, length, 3, _HEADS, width // _HEADS).permute(2, 0, 3, 1, 4)
    heard = nn.functional.scaled_dot_product_attention(
        asked[0], asked[1], asked[2], None if mask is None else (mask != 0)[:, None, None, :]
    )
    heard = heard.transpose(1, 2).reshape(count, length, width)
    states = layer.norm1(states + times(heard, halves.heard))
    normalised: Tensor = layer.norm2(states + times(nn.functional.gelu(times(states, halves.wide)), halves.narrow))
    return normalised


@dataclass(frozen=True)
class _Halves:
    """A layer's matrices as half floats, in the order that its kernels read: of attention, and of the two behind it."""

    asked: Any
    heard: Any
    wide: Any
    narrow: Any


_known_halves: WeakKeyDictionary[nn.Module, tuple[int, _Halves | None]] = WeakKeyDictionary()
"""By layer, the version of its weights, which changes as they are learnt, and their halves."""


def _halves_of(layer: nn.TransformerEncoderLayer) -> _Halves | None:
    """Return a layer's matrices as half floats, made once, or None where the processor has no kernels for them."""
    version = layer.linear1.weight._version
    if layer not in _known_halves or _known_halves[layer][0] != version:
        attention, packed = layer.self_attn, torch.ops.quantized.linear_prepack_fp16
        pairs = (
            (attention.in_proj_weight, attention.in_proj_bias), (attention.out_proj.weight, attention.out_proj.bias),
            (layer.linear1.weight, layer.linear1.bias), (layer.linear2.weight, layer.linear2.bias),
        )  # fmt: skip
        try:
            halves: _Halves | None = _Halves(*(packed(weight.detach(), bias.detach()) for weight, bias in pairs))
        except RuntimeError:
            halves = None
        _known_halves[layer] = version, halves
    return _known_halves[layer][1]


def _as_torch_names_them(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    named = {f"norm.{kind}": weights[f"embeddings.LayerNorm.{kind}"] for kind in ("weight", "bias")}
    for index in range(LAYERS):
        ours, theirs = f"layers.layers.{index}", f"encoder.layer.{index}"
        for kind in ("weight", "bias"):
            attention = [weights[f"{theirs}.attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
            named[f"{ours}.self_attn.in_proj_{kind}"] = torch.cat(attention)
            for part, source in _IN_LAYER.items():
                named[f"{ours}.{part}.{kind}"] = weights[f"{theirs}.{source}.{kind}"]
    return named


def load(file: Path) -> SentenceEncoder:
    """The encoder with the weights of a .safetensors file."""
    return SentenceEncoder(load_file(file))
