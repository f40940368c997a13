"""all-MiniLM-L6-v2's network: BERT's encoder (Devlin et al. 2019, "BERT", section 3), of torch's own layers.

transformers has it too, but importing that takes two seconds and 130 MB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

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
            states.append(layer(states[-1], src_key_padding_mask=None if mask is None else mask == 0))
        return states

    def _embedded(self, tokens: Tensor) -> Tensor:
        return self.norm(nn.functional.embedding(tokens, self._words) + self._places[: tokens.shape[1]])


def make_layers(count: int, dropout: float = 0.0) -> nn.TransformerEncoder:
    """Return `count` layers of the network's shape, with weights of chance."""
    layer = nn.TransformerEncoderLayer(
        _WIDTH, _HEADS, 4 * _WIDTH, dropout=dropout, activation="gelu", layer_norm_eps=_EPSILON, batch_first=True
    )
    return nn.TransformerEncoder(layer, count, enable_nested_tensor=False)


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
