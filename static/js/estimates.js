/** The Estimates page: its filter is clicked together. */

import { startFilterBuilders } from "./filters/builder.js";
import { wirePopovers } from "./items/popovers.js";
import { wireCopying } from "./page/copy.js";
import { followTheme } from "./page/theme.js";
import { showLocalTimes } from "./page/times.js";

followTheme();
wireCopying();
showLocalTimes();
startFilterBuilders();
wirePopovers();
