#!/usr/bin/env python3
"""Makes seeds/recordings/nmea-beidou.jsonl: three receivers over a minute that crosses UTC midnight.

    python3 tools/make_nmea_recording.py src/geodesy/egm96_15min_cm.bin seeds/recordings/nmea-beidou.jsonl

Synthetic and the same every time: straight flights in the Greater Bay Area, one MQTT message an epoch.

    RTK-GN-01    GNGGA GNRMC GNGST GNVTG GNGSA   RTK fixed; float from 23:59:50 to 00:00:09
    BDS-BD-02    BDGGA BDRMC BDZDA BDGSA         older talker, BeiDou alone, autonomous
    BDS-GB-03    GBGGA GBZDA GBVTG GBGST         NMEA 4.11 talker, no RMC: the date is in ZDA; differential
"""
import datetime
import json
import math
import struct
import sys

START = datetime.datetime(2026, 11, 22, 23, 59, 30, tzinfo=datetime.UTC)
SECONDS = 61
KNOTS = 1 / 0.514444


def geoid(grid, lat, lng):
    """Bilinear on the 15-minute grid; only for the north-eastern quarter of the world."""
    row, column = (90 - lat) * 4, lng * 4
    i, j = int(row), int(column)
    node = lambda r, c: struct.unpack_from("<h", grid, (r * 1440 + c) * 2)[0] / 100
    top = node(i, j) + (node(i, j + 1) - node(i, j)) * (column - j)
    bottom = node(i + 1, j) + (node(i + 1, j + 1) - node(i + 1, j)) * (column - j)
    return top + (bottom - top) * (row - i)


def sentence(body):
    checksum = 0
    for byte in body.encode("ascii"):
        checksum ^= byte
    return f"${body}*{checksum:02X}"


def angle(degrees, digits, letter):
    minutes = round(degrees * 60, 6)
    return f"{int(minutes // 60):0{digits}d}{minutes % 60:09.6f},{letter}"


class Flight:
    """A straight flight: start, course over ground in degrees, speed in m/s, height above sea level in metres."""

    def __init__(self, grid, lat, lng, course, speed, amsl, climb):
        self.grid, self.lat, self.lng, self.course, self.speed, self.amsl, self.climb = (
            grid, lat, lng, course, speed, amsl, climb)

    def at(self, t):
        north = self.speed * math.cos(math.radians(self.course)) * t
        east = self.speed * math.sin(math.radians(self.course)) * t
        lat = self.lat + north / 110740
        lng = self.lng + east / (111320 * math.cos(math.radians(self.lat)))
        return lat, lng, self.amsl + self.climb * t


def epoch(flight, t, time, talker, quality, satellites, hdop, kinds):
    lat, lng, amsl = flight.at(t)
    place = f"{angle(lat, 2, 'N')},{angle(lng, 3, 'E')}"
    clock, date = time.strftime("%H%M%S.00"), time.strftime("%d%m%y")
    age = "1.0,0007" if quality in (2, 4, 5) else ","
    mode = {1: "A", 2: "D", 4: "R", 5: "F"}[quality]
    sigma = {1: 1.2, 2: 0.6, 4: 0.01, 5: 0.3}[quality]
    used = ",".join(f"{n:02d}" if n else "" for n in [7, 8, 10, 13, 19, 22, 29, 36, 38, 40, 0, 0])
    bodies = {
        "GGA": f"GGA,{clock},{place},{quality},{satellites:02d},{hdop},{amsl:.3f},M,"
               f"{geoid(flight.grid, lat, lng):.3f},M,{age}",
        "RMC": f"RMC,{clock},A,{place},{flight.speed * KNOTS:.2f},{flight.course:.1f},{date},,,{mode}",
        "GST": f"GST,{clock},{sigma * 1.4:.3f},{sigma:.3f},{sigma:.3f},0.0,{sigma:.3f},{sigma:.3f},{sigma * 2:.3f}",
        "VTG": f"VTG,{flight.course:.1f},T,,M,{flight.speed * KNOTS:.2f},N,{flight.speed * 3.6:.2f},K,{mode}",
        "ZDA": f"ZDA,{clock},{time:%d},{time:%m},{time:%Y},00,00",
        # Satellites of system 4, BeiDou.
        "GSA": f"GSA,A,3,{used},1.2,{hdop},1.0,4",
    }
    return "".join(sentence(talker + bodies[kind]) + "\r\n" for kind in kinds)


def main(grid_file, target):
    grid = open(grid_file, "rb").read()
    rtk = Flight(grid, 22.6400, 114.1500, 62.0, 9.0, 70.0, 0.2)
    old = Flight(grid, 22.7000, 113.4000, 271.5, 14.0, 95.0, 0.0)
    new = Flight(grid, 23.0200, 113.0500, 359.2, 6.0, 48.0, -0.1)
    rows = []
    for t in range(SECONDS):
        time = START + datetime.timedelta(seconds=t)
        quality = 5 if 20 <= t < 40 else 4
        for uas_id, delay_ms, payload in (
            ("RTK-GN-01", 120, epoch(rtk, t, time, "GN", quality, 31, 0.6, ("GGA", "RMC", "GST", "VTG", "GSA"))),
            ("BDS-BD-02", 260, epoch(old, t, time, "BD", 1, 12, 1.1, ("GGA", "RMC", "ZDA", "GSA"))),
            ("BDS-GB-03", 410, epoch(new, t, time, "GB", 2, 16, 0.9, ("ZDA", "GGA", "VTG", "GST"))),
        ):
            received = time + datetime.timedelta(milliseconds=delay_ms)
            rows.append({"received_at": received.strftime("%Y-%m-%dT%H:%M:%S.") + f"{delay_ms:03d}Z",
                         "topic": f"lowsky/v1/nmea/survey/{uas_id}", "payload": payload})
    with open(target, "w", encoding="ascii") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
