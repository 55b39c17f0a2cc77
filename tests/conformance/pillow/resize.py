"""What Pillow makes of pictures.

Reads from the input one JSON object with "pictures", {name: [width, height, base64 of the RGB bytes]}, and "jobs", [[name, width, height,
filter, box or null]]; prints a JSON list with the base64 of the RGB bytes of each job. A job whose filter is "L" is a conversion to grey, one byte a pixel.
"""

import base64
import json
import sys

from PIL import Image

FILTERS = {"nearest": 0, "bilinear": 2, "bicubic": 3, "box": 4}

request = json.load(sys.stdin)
pictures = {
    name: Image.frombytes("RGB", (width, height), base64.b64decode(data))
    for name, (width, height, data) in request["pictures"].items()
}
results = []
for name, width, height, kind, box in request["jobs"]:
    picture = pictures[name]
    made = picture.convert("L") if kind == "L" else picture.resize((width, height), FILTERS[kind], box=box)
    results.append(base64.b64encode(made.tobytes()).decode())
json.dump(results, sys.stdout)
