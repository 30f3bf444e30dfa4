"""Decodes text with a small transformer, by NumPy or by PyTorch, and tells how fast that was.

A prompt is read at once (prefill), then token by token is chosen, each from the keys and values kept of those before it. The
weights are random and follow from a fixed seed, so every backend has to choose the same tokens; the last step checks that
by a pass over all of them at once, in double precision and without a cache. What it prints is in metrics of study.yaml.
"""
import json
import os
import sys
import time
import zlib

import numpy

VOCABULARY, PROMPT, HEAD = 2048, 32, 64


def random_weights(layers, width):
    random = numpy.random.RandomState(7)  # its numbers are the same in every version of NumPy

    def matrix(rows, columns):
        return (random.standard_normal((rows, columns)) / rows**0.5).astype(numpy.float32)

    return {
        "embedding": matrix(VOCABULARY, width) * VOCABULARY**0.5,
        "positions": matrix(1024, width) * 1024**0.5,
        "blocks": [
            (matrix(width, 3 * width), matrix(width, width), matrix(width, 4 * width), matrix(4 * width, width))
            for _ in range(layers)
        ],
        "head": matrix(width, VOCABULARY),
    }


# ---- NumPy ----


def normalized(x):
    x = x - x.mean(-1, keepdims=True)
    return x / numpy.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)


def split(x):  # batch, tokens, width → batch, heads, tokens, 64
    return x.reshape(x.shape[0], x.shape[1], -1, HEAD).transpose(0, 2, 1, 3)


def attention(q, k, v, first):
    scores = q @ k.transpose(0, 1, 3, 2) / HEAD**0.5
    rows, columns = scores.shape[-2:]
    if rows > 1:
        scores = numpy.where(numpy.arange(columns) <= first + numpy.arange(rows)[:, None], scores, -1e9)
    weights = numpy.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    mixed = (weights @ v).transpose(0, 2, 1, 3)
    return mixed.reshape(*mixed.shape[:2], -1)


class GrowingCache:
    """Keys and values of a block; each step makes new arrays that hold one more."""

    def __init__(self, batch, heads, tokens):
        empty = numpy.zeros((batch, heads, 0, HEAD), numpy.float32)
        self.k, self.v = empty, empty

    def add(self, k, v):
        self.k, self.v = numpy.concatenate((self.k, k), 2), numpy.concatenate((self.v, v), 2)
        return self.k, self.v


class FixedCache:
    """The same in room that was made for all tokens at the beginning."""

    def __init__(self, batch, heads, tokens):
        self.room = numpy.zeros((2, batch, heads, tokens, HEAD), numpy.float32)
        self.used = 0

    def add(self, k, v):
        end = self.used + k.shape[2]
        self.room[0, :, :, self.used : end], self.room[1, :, :, self.used : end] = k, v
        self.used = end
        return self.room[0, :, :, :end], self.room[1, :, :, :end]


class NumpyModel:
    def __init__(self, weights, options):
        self.weights = weights
        self.cache = {"grow": GrowingCache, "fixed": FixedCache}[options["cache"]]

    def begin(self, batch, tokens):
        heads = self.weights["head"].shape[0] // HEAD
        self.caches = [self.cache(batch, heads, tokens) for _ in self.weights["blocks"]]
        self.at = 0

    def logits(self, tokens):
        """Of the last of `tokens`, which follow on those of the calls before."""
        w, first = self.weights, self.at
        self.at += tokens.shape[1]
        x = w["embedding"][tokens] + w["positions"][first : self.at]
        for (qkv, out, up, down), cache in zip(w["blocks"], self.caches):
            q, k, v = (split(part) for part in numpy.split(normalized(x) @ qkv, 3, -1))
            x = x + attention(q, *cache.add(k, v), first) @ out
            x = x + numpy.maximum(normalized(x) @ up, 0) @ down
        return normalized(x[:, -1]) @ w["head"]

    def next_token(self, tokens):
        return self.logits(tokens).argmax(-1)[:, None]

    def to_numpy(self, tokens):
        return tokens

    def from_numpy(self, tokens):
        return tokens

    def name(self):
        return "NumPy " + numpy.__version__


# ---- PyTorch ----


def torch_model(weights, options):
    from typing import List, Tuple

    import torch

    def block(
        x: torch.Tensor, w: List[torch.Tensor], past: List[torch.Tensor], first: int
    ) -> Tuple[torch.Tensor, List[torch.Tensor]]:
        batch, tokens, width = x.shape
        qkv = torch.layer_norm(x, [width]).matmul(w[0]).view(batch, tokens, 3, width // 64, 64)
        qkv = qkv.permute(2, 0, 3, 1, 4)
        k = torch.cat((past[0], qkv[1]), 2)
        v = torch.cat((past[1], qkv[2]), 2)
        scores = qkv[0].matmul(k.transpose(2, 3)) / 8.0
        if tokens > 1:
            column = torch.arange(k.shape[2], device=x.device)
            row = first + torch.arange(tokens, device=x.device)
            scores = scores.masked_fill(column[None, :] > row[:, None], -1e9)
        mixed = scores.softmax(-1).matmul(v).transpose(1, 2).reshape(batch, tokens, width)
        x = x + mixed.matmul(w[1])
        x = x + torch.relu(torch.layer_norm(x, [width]).matmul(w[2])).matmul(w[3])
        return x, [k, v]

    class TorchModel:
        def __init__(self):
            self.device = torch.device(options["device"])
            self.block = torch.jit.script(block) if options["mode"] == "script" else block
            on_device = lambda array: torch.from_numpy(array).to(self.device)
            self.embedding, self.positions, self.head = (
                on_device(weights[name]) for name in ("embedding", "positions", "head")
            )
            self.blocks = [[on_device(array) for array in arrays] for arrays in weights["blocks"]]

        def begin(self, batch, tokens):
            empty = torch.zeros((batch, self.head.shape[0] // HEAD, 0, HEAD), device=self.device)
            self.past = [[empty, empty] for _ in self.blocks]
            self.at = 0

        @torch.no_grad()
        def next_token(self, tokens):
            first = self.at
            self.at += tokens.shape[1]
            x = self.embedding[tokens] + self.positions[first : self.at]
            for i, w in enumerate(self.blocks):
                x, self.past[i] = self.block(x, w, self.past[i], first)
            x = torch.layer_norm(x[:, -1], [x.shape[-1]])
            return x.matmul(self.head).argmax(-1, keepdim=True)

        def to_numpy(self, tokens):
            return tokens.cpu().numpy()  # and waits until a GPU has done what it was asked

        def from_numpy(self, tokens):
            return torch.from_numpy(tokens).to(self.device)

        def name(self):
            device = "CPU" if self.device.type == "cpu" else torch.cuda.get_device_name(self.device)
            return f"PyTorch {torch.__version__} on {device}"

    return TorchModel()


# ---- the measurement ----


def decode(model, prompt, count):
    """All tokens, and when the prompt's and each one after it was there."""
    model.begin(prompt.shape[0], prompt.shape[1] + count)
    times, chosen = [time.perf_counter()], []
    token = model.from_numpy(prompt)
    for _ in range(count):
        token = model.next_token(token)
        chosen.append(model.to_numpy(token))
        times.append(time.perf_counter())
    return numpy.concatenate(chosen, 1), numpy.diff(times)


def agreement(weights, prompt, chosen):
    """The share of the chosen tokens that double precision, without a cache, would choose too (but for ties)."""
    exact = {name: value.astype(numpy.float64) for name, value in weights.items() if name != "blocks"}
    exact["blocks"] = [[array.astype(numpy.float64) for array in block] for block in weights["blocks"]]
    tokens = numpy.concatenate((prompt, chosen[:, :-1]), 1)
    x = exact["embedding"][tokens] + exact["positions"][: tokens.shape[1]]
    for qkv, out, up, down in exact["blocks"]:
        q, k, v = (split(part) for part in numpy.split(normalized(x) @ qkv, 3, -1))
        x = x + attention(q, k, v, 0) @ out
        x = x + numpy.maximum(normalized(x) @ up, 0) @ down
    logits = normalized(x[:, prompt.shape[1] - 1 :]) @ exact["head"]
    of_chosen = numpy.take_along_axis(logits, chosen[:, :, None], 2)[:, :, 0]
    return float((of_chosen >= logits.max(-1) - 1e-3).mean())


def main():
    params, count = json.load(open("/study/params.json")), int(sys.argv[1])
    backend, batch = params["backend"], params["batch"]
    weights = random_weights(params["layers"], params["width"])
    model = {"numpy": NumpyModel, "torch": torch_model}[backend](weights, params[backend])
    prompt = numpy.random.RandomState(11).randint(0, VOCABULARY, (batch, PROMPT))
    decode(model, prompt, min(count, 8))  # a first time, for what is made at first use
    chosen, seconds = decode(model, prompt, count)
    result = {
        "prefill_ms": 1e3 * seconds[0],
        "token_ms": 1e3 * float(numpy.median(seconds[1:])),
        "tokens_per_second": batch * (count - 1) / seconds[1:].sum(),
        "agreement": agreement(weights, prompt, chosen),
        "checksum": zlib.crc32(chosen.astype("<i4").tobytes()) % 1000000,
        "by": model.name(),
    }
    json.dump(result, open(os.environ["STUDY_RESULTS"] + "/result.json", "w"))
    print(json.dumps(result, indent=1))
    if result["agreement"] < 1:
        sys.exit("the tokens are not those that exact arithmetic chooses")


if __name__ == "__main__":
    main()
