#!/usr/bin/env python3
"""Makes seeds/zones/*.json: a synthetic Greater Bay Area as ED-318 GeoJSON, by rule.

    python3 tools/make_zones.py seeds/zones

Same input, same bytes. Nothing here is a published zone: aerodromes are built from runway thresholds
(OurAirports, public domain) and the obstacle limitation surfaces of ICAO Annex 14 for a code 4 precision
approach runway; everything else is a plain shape around a point known to some 300 m. Every zone says so
in its name, its message and the metadata.
"""
import json
import math
import sys

import make_city

A_M, E2 = 6378137.0, 6.69437999014133e-3

# Aerodrome: elevation, country, Chinese name, runways as (name, threshold, threshold).
AERODROMES = {
    "ZGGG": (14, "CHN", "广州白云机场", [
        ("01L/19R", (23.380692, 113.275291), (23.41048, 113.283333)),
        ("01R/19L", (23.376801, 113.283997), (23.408413, 113.291954)),
        ("02L/20R", (23.3757, 113.305), (23.4089, 113.314003)),
        ("02R/20L", (23.3695, 113.308), (23.4028, 113.317001)),
        ("03/21", (23.354778, 113.319145), (23.386316, 113.327667))]),
    "ZGSZ": (4, "CHN", "深圳宝安机场", [
        ("15/33", (22.653, 113.803001), (22.625601, 113.818001)),
        ("16L/34R", (22.654461, 113.784851), (22.62388, 113.80162)),
        ("16R/34L", (22.659056, 113.776337), (22.630083, 113.792221))]),
    "ZGSD": (7, "CHN", "珠海金湾机场", [("05/23", (21.9955, 113.36467), (22.02117, 113.392))]),
    "VHHH": (9, "HKG", "香港国际机场", [
        ("07C/25C", (22.3104, 113.896004), (22.3216, 113.931)),
        ("07L/25R", (22.321074, 113.880692), (22.332306, 113.915558)),
        ("07R/25L", (22.2962, 113.898003), (22.307431, 113.932819))]),
    "VMMC": (6, "MAC", "澳门国际机场", [("16/34", (22.1623, 113.585999), (22.135, 113.597))]),
}

# Identifier, names, centre, radius or half sides in metres.
PARKS = [
    ("GZPK01", "白云山风景区", "Baiyun Mountain park", (23.1790, 113.2990), 2200, ["NATURE", "POPULATION"]),
    ("GZPK02", "海珠湿地公园", "Haizhu wetland park", (23.0700, 113.3350), 1100, ["NATURE"]),
    ("GZPK03", "南沙湿地公园", "Nansha wetland park", (22.6080, 113.6350), 1300, ["NATURE"]),
    ("SZPK01", "莲花山公园", "Lianhua Hill park", (22.5550, 114.0540), 700, ["POPULATION"]),
    ("SZPK02", "深圳湾公园", "Shenzhen Bay park", (22.5180, 113.9850), 800, ["POPULATION", "NATURE"]),
    ("SZPK03", "福田红树林保护区", "Futian mangrove reserve", (22.5260, 114.0080), 650, ["NATURE"]),
    ("ZHPK01", "淇澳岛红树林保护区", "Qi'ao Island mangrove reserve", (22.4250, 113.6300), 1500, ["NATURE"]),
]
SITES = [
    ("GZST01", "广州南站", "Guangzhou South station", (22.9890, 113.2690), (450, 250)),
    ("GZST02", "广州东站", "Guangzhou East station", (23.1500, 113.3250), (350, 150)),
    ("SZST01", "福田站", "Futian station", (22.5370, 114.0550), (350, 150)),
    ("SZST02", "深圳北站", "Shenzhen North station", (22.6090, 114.0290), (350, 250)),
    ("ZHST01", "珠海站", "Zhuhai station", (22.2170, 113.5510), (200, 150)),
    ("GZPT01", "南沙集装箱港", "Nansha container port", (22.6200, 113.6800), (900, 1400)),
    ("SZPT01", "蛇口港", "Shekou port", (22.4750, 113.9150), (600, 500)),
    ("SZPT02", "盐田港", "Yantian port", (22.5750, 114.2750), (1400, 700)),
    ("SZPT03", "深圳湾口岸", "Shenzhen Bay checkpoint", (22.5040, 113.9430), (450, 350)),
    ("ZHPT01", "拱北口岸", "Gongbei checkpoint", (22.2150, 113.5500), (250, 200)),
    ("ZHPT02", "横琴口岸", "Hengqin checkpoint", (22.1380, 113.5410), (300, 250)),
    ("ZHPT03", "高栏港", "Gaolan port", (21.9200, 113.2300), (1500, 900)),
]
RAILWAY = [(22.9890, 113.2690), (22.9100, 113.4400), (22.8600, 113.6700), (22.7500, 113.9200),
           (22.6090, 114.0290), (22.5370, 114.0550)]
BORDER = [(22.5040, 113.9750), (22.5130, 114.0300), (22.5170, 114.0620), (22.5330, 114.0900),
          (22.5360, 114.1150), (22.5500, 114.1450), (22.5580, 114.1900)]


class Frame:
    """Metres east and north of a point, by the radii of curvature there."""

    def __init__(self, lat, lng):
        sin = math.sin(math.radians(lat))
        n = A_M / math.sqrt(1 - E2 * sin * sin)
        self.origin = lat, lng
        self.north = math.radians(n * (1 - E2) / (1 - E2 * sin * sin))
        self.east = math.radians(n * math.cos(math.radians(lat)))

    def metres(self, point):
        return (point[1] - self.origin[1]) * self.east, (point[0] - self.origin[0]) * self.north

    def ring(self, points, clockwise=False):
        """A closed GeoJSON ring, counterclockwise unless it is a hole."""
        if (area(points) < 0) != clockwise:
            points = points[::-1]
        ring = [[round(self.origin[1] + x / self.east, 6), round(self.origin[0] + y / self.north, 6)]
                for x, y in points]
        return ring + [ring[0]]


def area(points):
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, points[1:] + points[:1])) / 2


def hull(points):
    """Convex hull, counterclockwise (monotone chain)."""
    def half(ordered):
        chain = []
        for p in ordered:
            while len(chain) > 1 and cross(chain[-2], chain[-1], p) <= 0:
                chain.pop()
            chain.append(p)
        return chain[:-1]
    ordered = sorted(set(points))
    return half(ordered) + half(ordered[::-1])


def cross(o, a, b):
    return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])


def circle(centre, radius, steps=24):
    return [(centre[0] + radius * math.cos(2 * math.pi * k / steps),
             centre[1] + radius * math.sin(2 * math.pi * k / steps)) for k in range(steps)]


def runway_frame(frame, first, second):
    """A function from metres along the runway (0 at the first threshold) and to its left, and the length."""
    (x1, y1), (x2, y2) = frame.metres(first), frame.metres(second)
    length = math.hypot(x2 - x1, y2 - y1)
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    return (lambda along, left: (x1 + ux * along - uy * left, y1 + uy * along + ux * left)), length


def half_width(out):
    """Half the width of the approach surface, `out` metres before the threshold."""
    return 140 + 0.15 * (out - 60)


def layer(lower, upper=None, reference="AMSL", uom="m"):
    result = {"lower": lower, "lowerReference": reference}
    if upper is not None:
        result |= {"upper": upper, "upperReference": reference}
    return result | {"uom": uom}


GROUND = layer(0, reference="AGL")


def polygon(rings, limits):
    return {"type": "Polygon", "coordinates": rings, "layer": limits}


def texts(zh, en):
    return [{"text": zh, "lang": "zh-CN"}, {"text": en, "lang": "en-GB"}]


def zone(identifier, zh, en, kind, reasons, geometry, message, country="CHN", other=None, periods=None, note=None):
    """One feature; says in name and message that it is synthetic."""
    assert len(identifier) <= 7, identifier
    properties = {
        "identifier": identifier, "country": country,
        "name": texts(f"{zh}（合成示例）", f"{en} (synthetic example)"),
        "type": kind, "variant": "COMMON", "reason": reasons,
    }
    if other:
        properties["otherReasonInfo"] = texts(*other)
    if kind == "CONDITIONAL":
        properties["restrictionConditions"] = "Not over gatherings of people; not by night (synthetic example)."
    properties["message"] = texts(message[0] + "本区为合成示例数据，不得用于飞行。",
                                  message[1] + " Synthetic example data, not for flight.")
    properties["zoneAuthority"] = [{
        "name": texts("示例空域管理部门", "Example airspace authority"),
        "email": "airspace@example.cn",
        "purpose": "AUTHORIZATION" if kind in ("PROHIBITED", "REQ_AUTHORIZATION") else "INFORMATION",
        "intervalBefore": "P1D",
    }]
    if periods:
        properties["limitedApplicability"] = [{"startDateTime": a, "endDateTime": b} for a, b in periods]
    if note:
        properties["extendedProperties"] = note
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def aerodrome(code, elevation, country, zh, runways):
    thresholds = [point for _, a, b in runways for point in (a, b)]
    frame = Frame(sum(p[0] for p in thresholds) / len(thresholds), sum(p[1] for p in thresholds) / len(thresholds))
    note = {"synthetic": True, "elevation_amsl_m": elevation, "rule": "ICAO Annex 14, code 4 precision approach"}
    for number, (name, first, second) in enumerate(runways, 1):
        at, length = runway_frame(frame, first, second)
        # The strip with its transitional sides up to 45 m, and the approach up to 60 m: nothing flies there.
        core = [at(s, w * side) for s, w in ((-3060, half_width(3060)), (-60, 455), (length + 60, 455),
                                             (length + 3060, half_width(3060))) for side in (1, -1)]
        yield zone(f"{code}K{number}", f"{zh}{name}跑道禁飞区", f"{code} runway {name} keep-out", "PROHIBITED",
                   ["AIR_TRAFFIC"], polygon([frame.ring(hull(core))], GROUND),
                   ("禁止飞入跑道及近距进近区。", "Runway and short final: no entry."), country, note=note)
        sections = []
        for end, sign in ((0, -1), (length, 1)):
            for near, far, height in ((3060, 4860, 60), (4860, 6660, 105), (6660, 15060, 150)):
                corners = [at(end + sign * s, w) for s, w in
                           ((near, half_width(near)), (far, half_width(far)),
                            (far, -half_width(far)), (near, -half_width(near)))]
                sections.append(polygon([frame.ring(corners)], layer(elevation + height)))
        yield zone(f"{code}A{number}", f"{zh}{name}跑道进近面", f"{code} runway {name} approach surfaces",
                   "REQ_AUTHORIZATION", ["AIR_TRAFFIC"], {"type": "GeometryCollection", "geometries": sections},
                   ("高于进近面须经批准。", "Above the approach surface with authorisation only."), country, note=note)

    def stadium(radius):
        strips = []
        for _, first, second in runways:
            at, length = runway_frame(frame, first, second)
            strips += circle(at(-60, 0), radius) + circle(at(length + 60, 0), radius)
        return hull(strips)

    yield zone(f"{code}IH", f"{zh}内水平面", f"{code} inner horizontal surface", "REQ_AUTHORIZATION", ["AIR_TRAFFIC"],
               polygon([frame.ring(stadium(4000))], layer(elevation + 45)),
               ("高于内水平面须经批准。", "Above the inner horizontal surface with authorisation only."), country, note=note)
    steps = [polygon([frame.ring(stadium(inner + 500)), frame.ring(stadium(inner), clockwise=True)],
                     layer(elevation + 45 + round((inner - 4000) * 0.05))) for inner in (4000, 4500, 5000, 5500)]
    yield zone(f"{code}CO", f"{zh}锥形面", f"{code} conical surface", "REQ_AUTHORIZATION", ["AIR_TRAFFIC"],
               {"type": "GeometryCollection", "geometries": steps},
               ("高于锥形面须经批准。", "Above the conical surface with authorisation only."), country, note=note)


def park(identifier, zh, en, centre, radius, reasons, order):
    frame = Frame(*centre)
    # An uneven outline, by rule: sixteen corners whose radius swings by a fifth.
    outline = [(radius * (1 + 0.2 * math.sin(3 * k * math.pi / 8 + order)) * math.cos(k * math.pi / 8),
                radius * (1 + 0.2 * math.sin(3 * k * math.pi / 8 + order)) * math.sin(k * math.pi / 8)) for k in range(16)]
    geometry = polygon([frame.ring(outline)], layer(0, 120, "AGL"))
    if identifier == "GZPK02":
        island = [(x * 0.25 + 1.9 * radius, y * 0.25) for x, y in outline]
        geometry = {"type": "MultiPolygon", "coordinates": [[frame.ring(outline)], [frame.ring(island)]],
                    "layer": layer(0, 120, "AGL")}
    if identifier == "GZPK01":
        geometry["coordinates"].append(frame.ring([(x * 0.3, y * 0.3) for x, y in outline], clockwise=True))
    return zone(identifier, zh, en, "CONDITIONAL", reasons, geometry,
                ("飞行须遵守公园规定。", "Flights under the park's conditions."), note={"synthetic": True})


def site(identifier, zh, en, centre, sides):
    east, north = sides[0] + 100, sides[1] + 100
    corners = [(east, north), (-east, north), (-east, -north), (east, -north)]
    return zone(identifier, f"{zh}周边100米", f"{en} and 100 m around", "REQ_AUTHORIZATION", ["SENSITIVE", "POPULATION"],
                polygon([Frame(*centre).ring(corners)], layer(0, 120, "AGL")),
                ("飞行须经批准。", "Flights with authorisation only."), note={"synthetic": True})


def strip(line, left, right):
    """Outline of a line widened by `left` and `right` metres, with mitred corners."""
    frame = Frame(*line[len(line) // 2])
    points = [frame.metres(p) for p in line]
    sides = ([], [])
    for k, (x, y) in enumerate(points):
        before, after = points[max(k - 1, 0)], points[min(k + 1, len(points) - 1)]
        normals = []
        for (ax, ay), (bx, by) in ((before, (x, y)), ((x, y), after)):
            length = math.hypot(bx - ax, by - ay)
            if length > 0:
                normals.append((-(by - ay) / length, (bx - ax) / length))
        nx, ny = (sum(n[i] for n in normals) for i in (0, 1))
        # The mitre reaches the offset line of both legs.
        scale = 1 / (nx * normals[0][0] + ny * normals[0][1])
        sides[0].append((x + nx * scale * left, y + ny * scale * left))
        sides[1].append((x - nx * scale * right, y - ny * scale * right))
    return frame.ring(sides[0] + sides[1][::-1])


def city():
    for order, (identifier, zh, en, centre, radius, reasons) in enumerate(PARKS):
        yield park(identifier, zh, en, centre, radius, reasons, order)
    for row in SITES:
        yield site(*row)
    yield zone("GDRW01", "广深港高铁两侧500米", "Guangzhou-Shenzhen high-speed railway, 500 m each side", "REQ_AUTHORIZATION",
               ["SENSITIVE"], polygon([strip(RAILWAY, 500, 500)], layer(0, 120, "AGL")),
               ("铁路线路两侧飞行须经批准。", "Flights along the railway with authorisation only."), note={"synthetic": True})
    yield zone("SZBD01", "深圳边界500米管控带", "Shenzhen border strip, 500 m", "PROHIBITED", ["OTHER", "SENSITIVE"],
               polygon([strip(BORDER, 500, 0)], GROUND), ("边界管控带，禁止飞行。", "Border strip: no flights."),
               other=("边界管控", "Border control"), note={"synthetic": True})
    lat, lng = 22.55, 113.92
    yield zone("SZHP01", "南头直升机场", "Nantou heliport", "REQ_AUTHORIZATION", ["AIR_TRAFFIC"],
               {"type": "Point", "coordinates": [lng, lat], "extent": {"subType": "Circle", "radius": 3000},
                "layer": layer(0, 1000, "AGL", "ft")},
               ("直升机场3公里内飞行须经批准。", "Within 3 km of the heliport with authorisation only."), note={"synthetic": True})


def temporary():
    frame = Frame(22.2860, 113.5895)
    yield zone("ZHTMP26", "珠海大剧院活动临时管制区", "Zhuhai opera event, temporary restriction", "PROHIBITED",
               ["POPULATION", "EMERGENCY"],
               {"type": "GeometryCollection", "geometries": [
                   polygon([frame.ring(circle((0, 0), 600, 36))], layer(0, 150, "AGL")),
                   polygon([frame.ring(circle((0, 0), 1200, 36)), frame.ring(circle((0, 0), 600, 36), clockwise=True)],
                           layer(60, 150, "AGL"))]},
               ("活动期间临时管制。", "Temporary restriction while the event lasts."),
               periods=[("2026-01-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00")], note={"synthetic": True})
    yield zone("GZTMP27", "广州塔跨年活动临时管制区", "Canton Tower new year event, temporary restriction", "REQ_AUTHORIZATION",
               ["POPULATION"],
               {"type": "Point", "coordinates": [113.3191, 23.1066], "extent": {"subType": "Circle", "radius": 1100},
                "layer": layer(0, 600, "AGL")},
               ("活动期间飞行须经批准。", "With authorisation only while the event lasts."),
               periods=[("2027-12-31T10:00:00Z", "2028-01-01T02:00:00Z")], note={"synthetic": True})


def write(folder, name, title, features):
    features = list(features)
    collection = {
        "type": "FeatureCollection", "title": f"{title} (synthetic example)",
        "metadata": {
            "validFrom": "2026-01-01T00:00:00Z", "issued": "2026-01-01T00:00:00Z",
            "provider": texts("lowsky 合成示例数据", "lowsky synthetic example data"),
            "description": texts("按规则生成的合成空域，不是任何公布的空域，不得用于飞行。",
                                 "Synthetic airspace made by rule; no published airspace, not for flight."),
        },
        "features": features,
    }
    with open(f"{folder}/{name}.json", "w", encoding="utf-8") as out:
        # One feature a line: a changed zone is one changed line.
        head = json.dumps({k: v for k, v in collection.items() if k != "features"}, ensure_ascii=False)
        rows = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
        out.write(f'{head[:-1]}, "features": [\n{rows}\n]}}\n')
    return len(features)


def main(folder):
    aerodromes = [f for code, (elevation, country, zh, runways) in AERODROMES.items()
                  for f in aerodrome(code, elevation, country, zh, runways)]
    total = write(folder, "aerodromes", "Greater Bay Area aerodromes", aerodromes)
    total += write(folder, "city", "Greater Bay Area parks, ports, stations and corridors", city())
    total += write(folder, "temporary", "Greater Bay Area temporary restrictions", temporary())
    total += write(folder, "linjiang", "Linjiang, a whole city by rule", make_city.features(sys.modules[__name__]))
    print(f"{total} zones")


if __name__ == "__main__":
    main(*sys.argv[1:])
