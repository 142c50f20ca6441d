// The map: base, zones, targets; where it looks, and what of the sky it therefore needs.

import Kinetic from "ol/Kinetic";
import OlMap from "ol/Map";
import View from "ol/View";
import DoubleClickZoom from "ol/interaction/DoubleClickZoom";
import DragPan from "ol/interaction/DragPan";
import DragZoom from "ol/interaction/DragZoom";
import MouseWheelZoom from "ol/interaction/MouseWheelZoom";
import PinchZoom from "ol/interaction/PinchZoom";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj";
import VectorSource from "ol/source/Vector";
import type BaseLayer from "ol/layer/Base";
import type { Box } from "../protocol";
import { LARGER, lessMotion } from "../ui/dom";
import { coastLayers, tileLayers } from "./basemap";
import { Margin } from "./margin";
import { Painter } from "./painter";
import type { Scene } from "./scene";
import { ZoneLayer } from "./zonelayer";

const HOME = { center: [113.75, 22.75], zoom: 9.6 };
/** Part of the view that is subscribed beyond each of its edges. */
const PAD = 0.25;
const SETTLE_MS = 400;

export interface BasemapSettings {
  basemap: string[];
  basemap_datum: string;
  basemap_attribution: string;
}

export class MapView {
  readonly map: OlMap;
  readonly zones = new ZoneLayer();
  readonly painter: Painter;
  private readonly view = new View({
    center: fromLonLat(HOME.center),
    // A picture of more points shows the same land larger.
    zoom: HOME.zoom + Math.log2(LARGER),
    minZoom: 5,
    maxZoom: 19,
    enableRotation: false,
    constrainResolution: false,
  });
  private readonly coast = coastLayers();
  readonly margin = new Margin();
  /** Takes a click before the aircraft do; `true`: it was for this. */
  onClick: (pixel: number[]) => boolean = () => false;
  /** What is to be seen as soon as the map has a size: a telephone shows it later than its alerts. */
  private pending: (() => void) | undefined;
  private wanted: Box | undefined;
  private timer = 0;

  constructor(
    target: HTMLElement,
    scene: Scene,
    private readonly needs: (box: Box) => void,
    private readonly picked: (id: string | undefined) => void,
    private readonly moved: () => void,
    private readonly serverNow: () => number,
  ) {
    this.painter = new Painter(scene, () => this.zones.labels);
    const top = new VectorLayer({ source: new VectorSource() });
    top.on("postrender", (event) => this.painter.draw(event, () => window.setTimeout(() => this.map.render(), 60)));
    this.map = new OlMap({
      target,
      view: this.view,
      layers: [this.coast.coast, this.coast.names, this.zones.layer, top],
      controls: [],
      interactions: [
        new DoubleClickZoom(),
        new DragPan({ kinetic: new Kinetic(-0.005, 0.05, 100) }),
        new DragZoom(),
        new MouseWheelZoom(),
        new PinchZoom(),
      ],
      moveTolerance: 3,
    });
    target.append(this.margin.root);
    this.map.on("postrender", () => {
      const { center, resolution } = this.place();
      this.margin.draw(center[1] ?? 0, resolution);
    });
    this.map.on("moveend", () => this.settle());
    this.map.on("singleclick", (event) => {
      if (this.onClick(event.pixel)) return;
      this.picked(this.targetAt(event.pixel));
    });
    new ResizeObserver(() => {
      this.map.updateSize();
      if (!this.hasSize()) return;
      this.pending?.();
      this.pending = undefined;
    }).observe(target);
  }

  private hasSize(): boolean {
    const [width, height] = this.map.getSize() ?? [];
    return Boolean(width) && Boolean(height);
  }

  /** Puts the configured base maps under everything; `failed` when they cannot be had. */
  useBasemap(settings: BasemapSettings, failed: () => void): void {
    if (settings.basemap.length === 0) return;
    const own: BaseLayer[] = [this.coast.coast, this.coast.names];
    this.margin.attribute(settings.basemap_attribution);
    const tiles = tileLayers(settings.basemap, settings.basemap_datum, () => {
      this.margin.attribute("");
      own.forEach((layer) => layer.setVisible(true));
      failed();
    });
    own.forEach((layer) => layer.setVisible(false));
    tiles.reverse().forEach((layer) => this.map.getLayers().insertAt(0, layer));
  }

  /** The language changed. */
  renamed(): void {
    this.coast.renamed();
    this.repaint();
  }

  /** Shows this scene from now on. */
  use(scene: Scene): void {
    this.painter.scene = scene;
    this.refreshZones();
    this.repaint();
  }

  /** The zones as the scene has them: who is in them, and which is the chosen alert's. */
  refreshZones(): void {
    const { alerts, alert } = this.painter.scene;
    this.zones.refresh(alerts.breached, alert?.zone?.id, this.serverNow());
  }

  /** The target at a pixel. */
  targetAt([x, y]: number[]): string | undefined {
    const { center, resolution } = this.place();
    return this.painter.hit(x ?? 0, y ?? 0, center, resolution, this.map.getSize() ?? [0, 0]);
  }

  /** Paints the targets anew. */
  repaint(): void {
    this.painter.invalidate();
    this.map.render();
  }

  place(): { center: number[]; resolution: number; zoom: number } {
    return {
      center: this.view.getCenter() ?? [0, 0],
      resolution: this.view.getResolution() ?? 1,
      zoom: this.view.getZoom() ?? 0,
    };
  }

  /** Longitude, latitude and zoom of the view, for an address that can be shared. */
  said(): string {
    const { center, zoom } = this.place();
    const [lng, lat] = toLonLat(center);
    return `${(lng ?? 0).toFixed(4)},${(lat ?? 0).toFixed(4)},${zoom.toFixed(1)}`;
  }

  lookAt(said: string): void {
    const [lng, lat, zoom] = said.split(",").map(Number);
    if ([lng, lat, zoom].some((one) => one === undefined || !Number.isFinite(one))) return;
    this.view.setCenter(fromLonLat([lng!, lat!]));
    this.view.setZoom(zoom!);
  }

  home(): void {
    this.fly(fromLonLat(HOME.center), HOME.zoom + Math.log2(LARGER));
  }

  /** Flies to Mercator coordinates. */
  fly(center: number[], zoom?: number): void {
    const duration = lessMotion() ? 0 : 350;
    this.view.cancelAnimations();
    this.view.animate({ center, ...(zoom === undefined ? {} : { zoom }), duration });
  }

  /** Shows a box of Mercator coordinates, not nearer than `maxZoom`. */
  show(extent: number[], maxZoom: number): void {
    if (!this.hasSize()) {
      this.pending = () => this.show(extent, maxZoom);
      return;
    }
    const duration = lessMotion() ? 0 : 350;
    this.view.cancelAnimations();
    const [width, height] = this.map.getSize() ?? [800, 600];
    const pad = Math.min(width ?? 800, height ?? 600) * 0.22;
    this.view.fit(extent, { maxZoom, duration, padding: [pad, pad, pad, pad] });
  }

  /** Shows a box if not all of it is on the screen, beside what lies over the map. */
  reveal(extent: number[] | undefined, maxZoom: number): void {
    if (!extent) return;
    if (!this.hasSize()) {
      this.pending = () => this.reveal(extent, maxZoom);
      return;
    }
    const [w, h] = (this.map.getSize() ?? [800, 600]) as [number, number];
    const padding = [h * 0.16, w * 0.1, h * 0.26, w * 0.1 + Math.min(270, w / 3)] as const;
    const { center, resolution } = this.place();
    const [left, top] = [center[0]! - (w / 2 - padding[3] * 0.9) * resolution, center[1]! + (h / 2 - padding[0] * 0.6) * resolution];
    const [right, bottom] = [center[0]! + (w / 2) * resolution, center[1]! - (h / 2 - padding[2] * 0.8) * resolution];
    const small = (extent[2]! - extent[0]!) / resolution < 40;
    if (!small && left < extent[0]! && extent[2]! < right && bottom < extent[1]! && extent[3]! < top) return;
    this.view.cancelAnimations();
    this.view.fit(extent, { maxZoom, duration: lessMotion() ? 0 : 350, padding: [...padding] });
  }

  /** The smallest zone at a pixel. */
  zoneAt(pixel: number[]): string | undefined {
    const found: { id: string; size: number }[] = [];
    this.map.forEachFeatureAtPixel(
      pixel,
      (feature) => {
        const extent = feature.getGeometry()?.getExtent() ?? [0, 0, 0, 0];
        const id = (feature as { getId?: () => unknown }).getId?.();
        if (typeof id === "string") found.push({ id, size: (extent[2]! - extent[0]!) * (extent[3]! - extent[1]!) });
      },
      { layerFilter: (layer) => layer === this.zones.layer },
    );
    return found.sort((a, b) => a.size - b.size)[0]?.id;
  }

  zoomBy(step: number): void {
    this.view.animate({ zoom: (this.view.getZoom() ?? 10) + step, duration: lessMotion() ? 0 : 150 });
  }

  pan(dx: number, dy: number): void {
    const { center, resolution } = this.place();
    this.view.setCenter([(center[0] ?? 0) + dx * resolution, (center[1] ?? 0) - dy * resolution]);
  }

  /** Whether a place, in Mercator, is on the screen. */
  sees(x: number, y: number): boolean {
    const extent = this.view.calculateExtent(this.map.getSize());
    return extent[0]! <= x && x <= extent[2]! && extent[1]! <= y && y <= extent[3]!;
  }

  /** Whether some of a box of Mercator is on the screen. */
  touches(box: number[]): boolean {
    const extent = this.view.calculateExtent(this.map.getSize());
    return extent[0]! <= box[2]! && box[0]! <= extent[2]! && extent[1]! <= box[3]! && box[1]! <= extent[3]!;
  }

  private settle(): void {
    this.moved();
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      const size = this.map.getSize();
      if (!size || !this.hasSize()) return;
      const [west, south, east, north] = transformExtent(
        this.view.calculateExtent(size),
        "EPSG:3857",
        "EPSG:4326",
      ) as Box;
      const held = this.wanted;
      const inside = held && held[0] <= west && held[1] <= south && east <= held[2] && north <= held[3];
      // A view that is far smaller than what is subscribed asks for less.
      if (inside && held[2] - held[0] < 3 * (east - west)) return;
      const [px, py] = [(east - west) * PAD, (north - south) * PAD];
      this.wanted = [
        Math.max(-180, west - px),
        Math.max(-90, south - py),
        Math.min(180, east + px),
        Math.min(90, north + py),
      ];
      this.needs(this.wanted);
    }, this.wanted ? SETTLE_MS : 0);
  }
}
