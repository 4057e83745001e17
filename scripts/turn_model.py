"""
Makes the turn model's weights out of those that Pipecat ships: `python -m scripts.turn_model SOURCE DESTINATION`.

Needs `pip install onnx`, which nothing else here does. Pipecat's file rounds what flows between its layers to 256 steps
of a size and range that were fixed once and for all; what lies beyond is cut off. Here the steps fit what is heard (or
there are none), and three patterns of small operations are one each: the model tells pauses from ends better, and takes
two thirds of the time.
"""

from __future__ import annotations

import sys
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

FUSED: Final = "com.microsoft"
"""The domain of onnxruntime's own operations."""
HEADS: Final = 6
QUERIES, KEYS, VALUES = 3, 6, 2
"""Operations between each of them and where an attention multiplies it: parted by heads, turned over, scaled."""


class Rewriter:
    """
    Writes a graph anew, from its outputs up.

    Attributes:
        nodes: What was written, in the order in which it is to be run.
        constants: Names of what is needed of the graph's constants.
    """

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.nodes: list[Any] = []
        self.constants: set[str] = set()
        self._known = {one.name for one in graph.input}
        self._kept = {one.name: one for one in graph.initializer}
        self._source = {name: node for node in graph.node for name in node.output}

    def write(self) -> Any:
        """The new graph."""
        from onnx import helper

        for output in self.graph.output:
            self._write(output.name)
        kept = [one for name, one in self._kept.items() if name in self.constants]
        return helper.make_graph(self.nodes, self.graph.name, [*self.graph.input], [*self.graph.output], kept)

    def _write(self, name: str) -> None:
        """Write whatever makes this, after what that needs."""
        if not name or name in self._known:
            return
        if name in self._kept:
            self.constants.add(name)
            return
        self._known.add(name)
        node = self._source[name]
        new = self._attention(node) or self._gelu(node) or self._product(node)
        if new is not None:
            new.output.append(name)
            new.name = f"{new.op_type}_{name}"
        else:
            new = deepcopy(node)
            new.input[:] = [self._before_rounding(one) for one in node.input]
            self._known.update(node.output)
        for needed in new.input:
            self._write(needed)
        self.nodes.append(new)

    def _from(self, name: str, operation: str) -> Any:
        """What makes this, the rounding left out; None where that is no such operation."""
        node: Any = self._source.get(self._before_rounding(name))
        return node if node is not None and node.op_type == operation else None

    def _before_rounding(self, name: str) -> str:
        """What this was before it was rounded to 256 steps and read back."""
        back = self._source.get(name)
        there = self._source.get(back.input[0]) if back is not None and back.op_type == "DequantizeLinear" else None
        return self._before_rounding(there.input[0]) if there is not None else name

    def _attention(self, node: Any) -> Any:
        """Queries, keys and values, of which each step takes what it looks at."""
        turned = self._from(node.input[0], "Transpose") if node.op_type == "Reshape" else None
        mixed = self._from(turned.input[0], "MatMul") if turned is not None else None
        weights = self._from(mixed.input[0], "Softmax") if mixed is not None else None
        if mixed is None or weights is None:
            return None
        scores: Any = self._source[self._before_rounding(weights.input[0])]
        values = self._up(mixed.input[1], VALUES)
        queries = self._up(scores.input[0], QUERIES)
        keys = self._up(scores.input[1], KEYS)
        return fused("MultiHeadAttention", queries, keys, values, num_heads=HEADS)

    def _up(self, name: str, operations: int) -> str:
        """So many operations further up."""
        for _ in range(operations):
            name = self._source[self._before_rounding(name)].input[0]
        return self._before_rounding(name)

    def _gelu(self, node: Any) -> Any:
        """``x * 0.5 * (1 + erf(x / sqrt(2)))``."""
        half = self._from(node.input[1], "Mul") if node.op_type == "Mul" else None
        above = self._from(half.input[1], "Add") if half is not None else None
        if above is None or self._from(above.input[0], "Erf") is None:
            return None
        return fused("Gelu", self._before_rounding(node.input[0]))

    def _product(self, node: Any) -> Any:
        """A product with weights, plus a constant where there is one: in whole numbers, in steps that fit its input."""
        added = node.op_type == "Add" and node.input[1] in self._kept
        product = self._from(node.input[0], "MatMul") if added else node
        if product is None or product.op_type != "MatMul":
            return None
        weights = self._source.get(product.input[1])
        if weights is None or weights.op_type != "DequantizeLinear" or weights.input[0] not in self._kept:
            return None
        constant = [node.input[1]] if added else []
        return fused("DynamicQuantizeMatMul", self._before_rounding(product.input[0]), *weights.input, *constant)


def fused(operation: str, *needed: str, **attributes: int) -> Any:
    """One of onnxruntime's own operations, whose output has no name yet."""
    from onnx import helper

    return helper.make_node(operation, needed, [], domain=FUSED, **attributes)


def rewrite(source: Path, destination: Path) -> None:
    """Write these weights anew."""
    import onnx
    from onnx import helper

    model = onnx.load(source)
    used = [one for one in model.opset_import if one.domain in {"", FUSED}]
    graph = Rewriter(model.graph).write()
    onnx.save(helper.make_model(graph, opset_imports=used, ir_version=model.ir_version), destination)


if __name__ == "__main__":
    rewrite(*map(Path, sys.argv[1:3]))
