#!/usr/bin/env python3
"""Makes seeds/terrain/*.hgt: synthetic hills, by rule, in the SRTM format with a node every minute.

    python3 tools/make_terrain.py seeds/terrain

Same input, same bytes. It is no survey: a plain by the sea, and round hills with names of no map.
"""
import math
import struct
import sys

NODES = 61
# South-west corner, metres of the plain, hills as (latitude, longitude, height, radius in km).
TILES = {
    "N22E113": (2, [(22.42, 113.60, 180, 5), (22.70, 113.35, 260, 7)]),
    "N22E114": (4, [(22.60, 114.05, 310, 4), (22.55, 114.20, 420, 6), (22.65, 114.45, 520, 8)]),
    "N23E113": (10, [(23.18, 113.30, 330, 5), (23.60, 113.75, 600, 12)]),
}


def elevation(lat, lng, plain, hills):
    metres = plain
    for hill_lat, hill_lng, height, radius_km in hills:
        north_km = (lat - hill_lat) * 110.74
        east_km = (lng - hill_lng) * 102.9
        share = math.hypot(north_km, east_km) / radius_km
        if share < 1:
            metres += height * (1 - share * share) ** 2
    return round(metres)


for name, (plain, hills) in TILES.items():
    south, west = int(name[1:3]), int(name[4:7])
    rows = range(NODES)
    nodes = [
        elevation(south + 1 - row / (NODES - 1), west + column / (NODES - 1), plain, hills)
        for row in rows for column in rows
    ]
    with open(f"{sys.argv[1]}/{name}.hgt", "wb") as out:
        out.write(struct.pack(f">{len(nodes)}h", *nodes))
