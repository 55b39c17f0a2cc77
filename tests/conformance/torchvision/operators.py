"""Lists the operators of exported models: how often each occurs, with which attributes, in which models.

    operators.py DIR [--per-model]
"""

import argparse
from collections import Counter, defaultdict
from pathlib import Path

import onnx
from onnx import helper


def text(attribute) -> str:
    """An attribute's value; where it is large, its kind."""
    kind = onnx.AttributeProto.AttributeType.Name(attribute.type)
    if kind in ("TENSOR", "GRAPH", "SPARSE_TENSOR"):
        if kind == "TENSOR":
            kind = f"{onnx.TensorProto.DataType.Name(attribute.t.data_type).lower()}{list(attribute.t.dims)}"
        return kind
    value = helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode()
    return f"{value:.6g}" if isinstance(value, float) else str(value).replace(" ", "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--per-model", action="store_true")
    options = parser.parse_args()

    counts, models = Counter(), defaultdict(dict)
    values = defaultdict(lambda: defaultdict(Counter))
    for path in sorted(options.folder.glob("*/model.onnx")):
        name = path.parent.name
        graph = onnx.load(path, load_external_data=False).graph
        own = Counter(node.op_type for node in graph.node)
        if options.per_model:
            print(f"{name}: {', '.join(f'{op} {count}' for op, count in sorted(own.items()))}")
        for op, count in own.items():
            counts[op] += count
            models[op][name] = count
        for node in graph.node:
            given = "".join("x" if tensor else "-" for tensor in node.input)
            values[node.op_type]["inputs"][given] += 1
            if len(node.output) > 1:
                values[node.op_type]["outputs"][str(len(node.output))] += 1
            for attribute in node.attribute:
                values[node.op_type][attribute.name][text(attribute)] += 1
    if options.per_model:
        return
    for op in sorted(counts):
        users = sorted(models[op])
        print(f"{op}: {counts[op]} in {len(users)} models ({', '.join(users[:6])}{', ...' if len(users) > 6 else ''})")
        for attribute, seen in sorted(values[op].items()):
            common = ", ".join(value for value, _ in seen.most_common(12))
            print(f"    {attribute}: {common}{f', ... ({len(seen)} values)' if len(seen) > 12 else ''}")


main()
