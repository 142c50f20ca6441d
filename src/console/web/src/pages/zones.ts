// The page of the zones.

import { lazily } from "./lazy";
import "../editor/editor.css";

export const zones = lazily(() => import("../editor/editor").then((editor) => editor.zones));
