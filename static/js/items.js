/** The list of items: the filter builder, panels that close by themselves, the count, and the way back to a row. */

import { sendFormsOnce } from "./page/once.js";
import { followTheme } from "./page/theme.js";
import { showLocalTimes } from "./page/times.js";
import { wireCopying } from "./page/copy.js";
import { startFilterBuilders } from "./filters/builder.js";
import { refineCount } from "./items/count.js";
import { wirePopovers } from "./items/popovers.js";
import { rememberPlace } from "./items/place.js";
import { wireTicks } from "./items/ticks.js";
import { offerColumns, tidyFinder } from "./items/finder.js";

followTheme();
sendFormsOnce();
showLocalTimes();
wireCopying();
startFilterBuilders();
wirePopovers();
tidyFinder();
offerColumns();
refineCount();
rememberPlace();
wireTicks();
