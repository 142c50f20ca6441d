"""A whole synthetic city by rule: Linjiang, 40 km across, where there is none. make_zones.py writes it.

Every kind of zone and shape that the service knows is in it: districts of suitable airspace, schools with hours, parks by
the sun, prisons in two layers, power lines as corridors, plants as cones, a radar as a sector, an airport with its obstacle
limitation surfaces, temporary zones and events. Nothing of it exists.
"""
import math

CENTRE = (24.0, 114.7)
# Districts: columns and rows of 6 km, and their names.
COLUMNS, ROWS, SIDE_M = 6, 5, 6000
NAMES = ("东城 西城 南湾 北岭 临江 松山 云溪 石桥 金沙 白鹭 青田 龙潭 凤岗 梅林 竹园 荷塘 桂花 榕树 枫桥 柳岸 "
         "星河 月湖 海棠 银杏 雁塔 鹿鸣 鹤山 虎丘 马鞍 牛头").split()
WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI"]


def spread(number, salt):
    """A number of 0 to 1 by rule, different for each number and salt."""
    return (math.sin(number * 12.9898 + salt * 78.233) * 43758.5453) % 1


def features(tools):
    """All zones; `tools` are the helpers of make_zones."""
    frame = tools.Frame(*CENTRE)
    note = {"synthetic": True, "city": "Linjiang"}

    def place(x, y):
        """[lng, lat] of metres east and north of the centre."""
        return [round(CENTRE[1] + x / frame.east, 6), round(CENTRE[0] + y / frame.north, 6)]

    def agl(upper, lower=0):
        return tools.layer(lower, upper, "AGL")

    def circle(x, y, radius, layer):
        return {"type": "Point", "coordinates": place(x, y), "extent": {"subType": "Circle", "radius": radius}, "layer": layer}

    def corridor(points, half_width, layer):
        return {"type": "LineString", "coordinates": [place(*p) for p in points],
                "extent": {"subType": "Corridor", "halfWidth": half_width}, "layer": layer}

    def outline(x, y, east, north, corners=4, salt=0):
        if corners == 4:
            return [(x + east, y + north), (x - east, y + north), (x - east, y - north), (x + east, y - north)]
        return [(x + east * (0.8 + 0.2 * spread(k, salt)) * math.cos(2 * math.pi * k / corners),
                 y + north * (0.8 + 0.2 * spread(k, salt)) * math.sin(2 * math.pi * k / corners)) for k in range(corners)]

    def polygon(points, layer):
        return tools.polygon([frame.ring(points)], layer)

    def zone(code, number, zh, en, kind, reasons, geometry, message, schedule=None, extra=None, **more):
        made = tools.zone(f"LJ{code}{number:03d}", zh, en, kind, reasons, geometry, message,
                          note=note | (extra or {}), **more)
        if schedule:
            made["properties"]["limitedApplicability"] = schedule
        return made

    def hours(days, start, end, span=None):
        day = {"day": days, "startTime": f"{start}:00+08:00", "endTime": f"{end}:00+08:00"}
        return [(span or {}) | {"schedule": [day]}]

    west, south = -COLUMNS * SIDE_M / 2, -ROWS * SIDE_M / 2
    districts = [(west + (i % COLUMNS + 0.5) * SIDE_M, south + (i // COLUMNS + 0.5) * SIDE_M) for i in range(COLUMNS * ROWS)]

    for i, (x, y) in enumerate(districts):
        name = NAMES[i]
        half = SIDE_M / 2 - 150
        yield zone("SU", i + 1, f"{name}适飞空域", f"District {i + 1} suitable airspace", "NO_RESTRICTION", ["OTHER"],
                   polygon(outline(x, y, half, half), agl(120)), ("真高120米以下适飞。", "Suitable up to 120 m above ground."),
                   other=("适飞空域", "Suitable airspace"), extra={"kind": "SUITABLE"})
        for k in range(4):
            sx, sy = (x + (spread(4 * i + k, salt) - 0.5) * 4800 for salt in (1, 2))
            yield zone("SC", 4 * i + k + 1, f"{name}第{k + 1}学校", f"District {i + 1} school {k + 1}", "REQ_AUTHORIZATION",
                       ["POPULATION", "PRIVACY"], circle(sx, sy, 150 + 10 * k, agl(120)),
                       ("上课时段飞行须经批准。", "School hours: flights with authorisation only."),
                       schedule=hours(WEEKDAYS, "07:00", "18:00"))
        hx, hy = (x + (spread(i, salt) - 0.5) * 4000 for salt in (3, 4))
        yield zone("HO", i + 1, f"{name}医院", f"District {i + 1} hospital", "REQ_AUTHORIZATION", ["EMERGENCY", "POPULATION"],
                   {"type": "GeometryCollection", "geometries": [
                       circle(hx, hy, 200, agl(120)), circle(hx, hy, 500, agl(300, 60))]},
                   ("救护直升机航线，飞行须经批准。", "Air ambulance: flights with authorisation only."))
        qx, qy = (x + (spread(i, salt) - 0.5) * 3000 for salt in (5, 6))
        yield zone("QU", i + 1, f"{name}夜间静音区", f"District {i + 1} quiet at night", "CONDITIONAL", ["NOISE"],
                   polygon(outline(qx, qy, 900, 700, 8, i), agl(120)), ("夜间飞行须遵守噪声规定。", "Noise rules by night."),
                   schedule=hours(["ANY"], "22:00", "06:00"))

    for i in range(12):
        x, y = districts[(7 * i) % 30]
        yield zone("GO", i + 1, f"机关驻地{i + 1}", f"Government compound {i + 1}", "PROHIBITED", ["SENSITIVE"],
                   polygon(outline(x + 1800, y - 1700, 220, 180), tools.GROUND), ("禁止飞行。", "No flights."))
        x, y = districts[(11 * i + 3) % 30]
        yield zone("RE", i + 1, f"水库{i + 1}", f"Reservoir {i + 1}", "CONDITIONAL", ["NATURE", "SENSITIVE"],
                   polygon(outline(x - 1600, y + 1500, 600, 450, 12, i + 40), agl(120)), ("水源保护区。", "Protected water."))
        x, y = districts[(5 * i + 1) % 30]
        yield zone("PK", i + 1, f"公园{i + 1}", f"Park {i + 1}", "CONDITIONAL", ["POPULATION"],
                   polygon(outline(x + 500, y + 1900, 500, 400, 10, i + 60), agl(120)), ("日落后禁止飞行。", "No flights after sunset."),
                   schedule=[{"schedule": [{"day": ["ANY"], "startEvent": "SS", "endEvent": "SR"}]}])
        x, y = districts[(13 * i + 2) % 30]
        yield zone("SB", i + 1, f"变电站{i + 1}", f"Substation {i + 1}", "REQ_AUTHORIZATION", ["SENSITIVE"],
                   circle(x - 2000, y - 2000, 120, agl(120)), ("飞行须经批准。", "With authorisation only."))
    for i in range(3):
        x, y = districts[(9 * i + 4) % 30]
        wall, around = outline(x - 300, y + 200, 250, 180), outline(x - 300, y + 200, 450, 380)
        yield zone("PR", i + 1, f"监狱{i + 1}", f"Prison {i + 1}", "PROHIBITED", ["SENSITIVE"],
                   {"type": "GeometryCollection", "geometries": [
                       polygon(wall, tools.GROUND),
                       tools.polygon([frame.ring(around), frame.ring(wall, clockwise=True)], agl(300))]},
                   ("监管场所周边禁止飞行。", "No flights around the prison."))
        yield zone("CH", i + 1, f"化工厂{i + 1}", f"Chemical plant {i + 1}", "PROHIBITED", ["SENSITIVE", "EMERGENCY"],
                   {"type": "Point", "coordinates": place(-17000 + 900 * i, -13000 + 1500 * i),
                    "extent": {"subType": "TruncatedCone", "lowerRadius": 600, "upperRadius": 300}, "layer": agl(200)},
                   ("化工园区禁止飞行。", "No flights over the plant."))
    for i in range(4):
        y = -16500 + 300 * i
        yield zone("PT", i + 1, f"港区{i + 1}", f"Port basin {i + 1}", "REQ_AUTHORIZATION", ["SENSITIVE"],
                   polygon(outline(-9000 + 6000 * i, y, 1200, 500), agl(120)), ("港区飞行须经批准。", "With authorisation only."))
    for i in range(8):
        angle = 2 * math.pi * i / 8
        bends = [(r * math.cos(angle + 0.05 * r / 4000), r * math.sin(angle + 0.05 * r / 4000)) for r in (2500, 7000, 12000, 16500)]
        yield zone("PL", i + 1, f"{220 if i % 2 else 500}千伏线路{i + 1}", f"Power line {i + 1}", "CONDITIONAL", ["SENSITIVE"],
                   corridor(bends, 60 if i % 2 else 80, agl(100)), ("电力线路保护区。", "Protected power line."))
    for i, bends in enumerate([[(-18000, -4000), (-6000, -1500), (5000, -2500), (18000, 1000)],
                               [(1500, -16000), (800, -4000), (2500, 6000), (1000, 16000)]]):
        yield zone("RW", i + 1, f"铁路{i + 1}两侧200米", f"Railway {i + 1}, 200 m each side", "REQ_AUTHORIZATION", ["SENSITIVE"],
                   corridor(bends, 200, agl(120)), ("铁路两侧飞行须经批准。", "With authorisation only."))
    for i in range(6):
        x, y = districts[(4 * i + 2) % 30]
        yield zone("ST", i + 1, f"体育场{i + 1}", f"Stadium {i + 1}", "PROHIBITED", ["POPULATION"],
                   circle(x + 1500, y + 300, 400, agl(200)), ("赛事时段禁止飞行。", "No flights during matches."),
                   schedule=hours(["SAT", "SUN"], "18:30", "22:30"))
        x, y = districts[(3 * i + 1) % 30]
        yield zone("TR", i + 1, f"客运站{i + 1}", f"Passenger station {i + 1}", "REQ_AUTHORIZATION", ["POPULATION"],
                   polygon(outline(x - 1200, y - 900, 260, 140), agl(120)), ("飞行须经批准。", "With authorisation only."))
    for i in range(24):
        x, y = districts[(17 * i + 5) % 30]
        year, month = 2026 + i // 12, i % 12 + 1
        span = {"startDateTime": f"{year}-{month:02d}-01T00:00:00+08:00", "endDateTime": f"{year + 1}-{month:02d}-01T00:00:00+08:00"}
        yield zone("CN", i + 1, f"塔吊作业区{i + 1}", f"Tower cranes {i + 1}", "CONDITIONAL", ["OTHER"],
                   circle(x + 2300 * (spread(i, 8) - 0.5), y + 2300 * (spread(i, 9) - 0.5), 180, agl(150)),
                   ("施工期间注意塔吊。", "Cranes while building."), other=("塔吊", "Cranes"), schedule=[span])
    for i in range(10):
        x, y = districts[(19 * i + 6) % 30]
        month = i + 1
        span = {"startDateTime": f"2027-{month:02d}-10T00:00:00+08:00", "endDateTime": f"2027-{month:02d}-13T00:00:00+08:00"}
        yield zone("EV", i + 1, f"活动临时管制区{i + 1}", f"Event {i + 1}, temporary restriction", "PROHIBITED", ["POPULATION"],
                   circle(x, y - 500, 800, agl(300)), ("活动期间临时管制。", "Temporary restriction."),
                   schedule=hours(["ANY"], "17:00", "23:30", span), extra={"kind": "TEMPORARY_CONTROLLED"})
    for i in range(12):
        (ax, ay), (bx, by) = districts[(2 * i) % 30], districts[(2 * i + 13) % 30]
        yield zone("RT", i + 1, f"物流航路{i + 1}", f"Delivery route {i + 1}", "NO_RESTRICTION", ["OTHER"],
                   corridor([(ax, ay), ((ax + bx) / 2 + 400, (ay + by) / 2 - 300), (bx, by)], 50, agl(115, 60)),
                   ("物流航路，供参考。", "Delivery route, for information."), other=("航路", "Route"), extra={"kind": "ROUTE"})
    yield zone("RD", 1, "雷达站扇区", "Radar sector", "REQ_AUTHORIZATION", ["SENSITIVE", "DAR"],
               {"type": "Point", "coordinates": place(16000, 13000),
                "extent": {"subType": "Sector", "radius": 5000, "innerRadius": 200, "startAzimuth": 300, "endAzimuth": 60},
                "layer": agl(400, 50)}, ("雷达遮蔽区，飞行须经批准。", "With authorisation only."))
    for i in range(2):
        yield zone("HP", i + 1, f"直升机场{i + 1}", f"Heliport {i + 1}", "REQ_AUTHORIZATION", ["AIR_TRAFFIC"],
                   {"type": "Point", "coordinates": place(-15000 + 28000 * i, 12500),
                    "extent": {"subType": "Circle", "radius": 2000}, "layer": tools.layer(0, 1000, "AGL", "ft")},
                   ("飞行须经批准。", "With authorisation only."))
    # An airport north-east of the city, code 4, 3,000 m, 12 m above the sea.
    runway = [(22000, 16000), (22000 + 3000 * math.sin(math.radians(65)), 16000 + 3000 * math.cos(math.radians(65)))]
    yield zone("AP", 1, "临江机场跑道", "Linjiang airport, runway", "PROHIBITED", ["AIR_TRAFFIC"],
               {"type": "LineString", "coordinates": [place(*p) for p in runway],
                "extent": {"subType": "Corridor", "halfWidth": 455}, "layer": tools.GROUND},
               ("禁止飞入跑道。", "Runway: no entry."))
    for number, (surface, zh, en) in enumerate((("INNER_HORIZONTAL", "内水平面", "inner horizontal surface"),
                                                ("CONICAL", "锥形面", "conical surface"),
                                                ("APPROACH", "进近面", "approach surfaces"),
                                                ("TRANSITIONAL", "过渡面", "transitional surface"),
                                                ("TAKEOFF_CLIMB", "起飞爬升面", "take-off climb surfaces")), 2):
        yield zone("AP", number, f"临江机场{zh}", f"Linjiang airport, {en}", "REQ_AUTHORIZATION", ["AIR_TRAFFIC"],
                   {"type": "LineString", "coordinates": [place(*p) for p in runway],
                    "extent": {"subType": "ObstacleLimitationSurfaces", "code": 4, "elevation": 12, "surfaces": [surface]}},
                   ("高于限制面须经批准。", "Above the surface with authorisation only."))
