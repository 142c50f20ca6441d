// What lies under the picture: the coast that the program carries, or a configured tile source.

import Feature from "ol/Feature";
import TileState from "ol/TileState";
import MultiLineString from "ol/geom/MultiLineString";
import MultiPolygon from "ol/geom/MultiPolygon";
import Point from "ol/geom/Point";
import type BaseLayer from "ol/layer/Base";
import TileLayer from "ol/layer/Tile";
import VectorLayer from "ol/layer/Vector";
import { Projection, addCoordinateTransforms, fromLonLat, get as getProjection, toLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import XYZ from "ol/source/XYZ";
import type ImageTile from "ol/ImageTile";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import Text from "ol/style/Text";
import { PMTiles, TileType } from "pmtiles";
import { LARGER } from "../ui/dom";
import { language } from "../i18n";
import { COAST, LAND, PLACE } from "./colours";
import { gcj02FromWgs84, wgs84FromGcj02 } from "./gcj02";
import { PLACES } from "./places";

export const FONT = '"Noto Sans SC","Noto Sans CJK SC","PingFang SC","Microsoft YaHei UI","Microsoft YaHei",system-ui,sans-serif';
/** Tiles that fail one after the other before the built-in coast is shown instead. */
const FAILURES_MAX = 6;

/** Web tiles are taken up to this zoom and enlarged beyond. */
const TILES_MAX_ZOOM = 18;
const PICTURES = [TileType.Png, TileType.Jpeg, TileType.Webp, TileType.Avif];

interface Coast {
  scale: number;
  /** What it was cut to: west, south, east, north. */
  box: [number, number, number, number];
  polygons: number[][][];
}

/** Web Mercator of shifted coordinates: tiles in it are drawn where they belong. */
function shiftedMercator(): Projection {
  const known = getProjection("LOWSKY:GCJ02");
  if (known) return known;
  const mercator = getProjection("EPSG:3857")!;
  const shifted = new Projection({
    code: "LOWSKY:GCJ02",
    units: "m",
    extent: mercator.getExtent(),
    global: true,
  });
  const through = (move: (lng: number, lat: number) => [number, number]) => (at: number[]) => {
    const [lng, lat] = toLonLat(at);
    return fromLonLat(move(lng ?? 0, lat ?? 0));
  };
  addCoordinateTransforms("EPSG:3857", shifted, through(gcj02FromWgs84), through(wgs84FromGcj02));
  const degrees = (move: (lng: number, lat: number) => [number, number], from: boolean) => (at: number[]) => {
    const [lng, lat] = from ? at : toLonLat(at);
    const moved = move(lng ?? 0, lat ?? 0);
    return from ? fromLonLat(moved) : moved;
  };
  addCoordinateTransforms("EPSG:4326", shifted, degrees(gcj02FromWgs84, true), degrees(wgs84FromGcj02, false));
  return shifted;
}

/** The configured base maps, from the bottom up; `failed` is called when one cannot be had. */
export function tileLayers(urls: string[], datum: string, failed: () => void): BaseLayer[] {
  return urls.map((url) => {
    const layer = new TileLayer<XYZ>({ preload: 0 });
    const open = (address: string, maxZoom: number, archive?: PMTiles) => {
      const source = new XYZ({
        ...(datum === "GCJ02" ? { projection: shiftedMercator() } : {}),
        transition: 0,
        maxZoom,
        url: address,
      });
      if (archive) fromArchive(source, archive);
      let inARow = 0;
      source.on("tileloadend", () => (inARow = 0));
      source.on("tileloaderror", () => {
        inARow += 1;
        if (inARow === FAILURES_MAX) failed();
      });
      layer.setSource(source);
    };
    if (!url.split("?")[0]?.endsWith(".pmtiles")) {
      open(url, TILES_MAX_ZOOM);
      return layer;
    }
    const archive = new PMTiles(url);
    archive
      .getHeader()
      .then(({ tileType, maxZoom }) => {
        // Only pictures can be drawn.
        if (PICTURES.includes(tileType)) open("archive/{z}/{x}/{y}", maxZoom, archive);
        else failed();
      })
      .catch(failed);
    return layer;
  });
}

/** Pictures out of one archive, read in pieces. */
function fromArchive(source: XYZ, archive: PMTiles): void {
  source.setTileLoadFunction((tile, address) => {
    const image = (tile as ImageTile).getImage() as HTMLImageElement;
    const [z, x, y] = address.split("/").slice(1).map(Number);
    archive
      .getZxy(z ?? 0, x ?? 0, y ?? 0)
      .then((found) => {
        if (!found) {
          tile.setState(TileState.EMPTY);
          return;
        }
        const url = URL.createObjectURL(new Blob([found.data]));
        image.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
        image.src = url;
      })
      .catch(() => tile.setState(TileState.ERROR));
  });
}

/** The coast of southern China and its names. */
export function coastLayers(): { coast: BaseLayer; names: BaseLayer; renamed: () => void } {
  const land = new VectorSource({ wrapX: false });
  const coast = new VectorLayer({ source: land });
  void fetch("/basemap.json")
    .then((answer) => answer.json() as Promise<Coast>)
    .then((packed) => {
      const polygons = unpack(packed);
      const shore = new Feature(new MultiLineString(shores(polygons, packed.box)));
      const body = new Feature(new MultiPolygon(polygons));
      shore.setStyle(new Style({ stroke: new Stroke({ color: COAST, width: 1 }) }));
      body.setStyle(new Style({ fill: new Fill({ color: LAND }) }));
      land.addFeatures([body, shore]);
    })
    .catch(() => undefined);
  const texts = new Map<string, Style>();
  const source = new VectorSource({
    features: PLACES.map(([lng, lat, zh, en, zoom]) => {
      const place = new Feature(new Point(fromLonLat([lng, lat])));
      place.setProperties({ zh, en, zoom });
      return place;
    }),
  });
  const names = new VectorLayer({
    source,
    declutter: true,
    style: (place, resolution) => {
      const zoom = Math.log2(156543.03 / resolution);
      if (zoom < Number(place.get("zoom"))) return undefined;
      const text = String(place.get(language()));
      const size = Math.round((Number(place.get("zoom")) < 8 ? 14 : 12) * LARGER);
      let style = texts.get(text);
      if (!style) {
        style = new Style({ text: new Text({ text, font: `${size}px ${FONT}`, fill: new Fill({ color: PLACE }) }) });
        texts.set(text, style);
      }
      return style;
    },
  });
  return { coast, names, renamed: () => names.changed() };
}

/** The outlines without what lies along the edges of the box: there the data ends, not the land. */
function shores(polygons: number[][][][], [west, south, east, north]: Coast["box"]): number[][][] {
  const [left, bottom] = fromLonLat([west, south]) as [number, number];
  const [right, top] = fromLonLat([east, north]) as [number, number];
  const near = (a: number, b: number) => Math.abs(a - b) < 20;
  const along = ([ax, ay]: number[], [bx, by]: number[]) =>
    [left, right].some((x) => near(ax!, x) && near(bx!, x)) || [bottom, top].some((y) => near(ay!, y) && near(by!, y));
  const lines: number[][][] = [];
  for (const ring of polygons.flat()) {
    let line: number[][] = [];
    ring.forEach((point, at) => {
      const before = ring[at - 1];
      if (before && along(before, point)) {
        lines.push(line);
        line = [];
      }
      line.push(point);
    });
    lines.push(line);
  }
  return lines.filter((line) => line.length > 1);
}

function unpack({ scale, polygons }: Coast): number[][][][] {
  return polygons.map((rings) =>
    rings.map((ring) => {
      const points: number[][] = [];
      let [x, y] = [0, 0];
      for (let i = 0; i + 1 < ring.length; i += 2) {
        x += ring[i] ?? 0;
        y += ring[i + 1] ?? 0;
        points.push(fromLonLat([x / scale, y / scale]));
      }
      points.push(points[0] ?? [0, 0]);
      return points;
    }),
  );
}
