// The page that shows the past.

import { lazily } from "./lazy";
import "../replay/replay.css";

export const replay = lazily(() => import("../replay/replay").then((part) => part.replay));
