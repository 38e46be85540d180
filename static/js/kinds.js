/** The kinds of question that are too heavy for the first load: loaded when a rubric has one of them. */

import { buildCorrection } from "./review/kinds/correction.js";
import { buildJson } from "./review/kinds/json.js";
import { buildSpans } from "./review/kinds/spans.js";

export const LATER_KINDS = { correction: buildCorrection, json: buildJson, spans: buildSpans };
