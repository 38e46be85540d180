/** A project's checks: what the one being written finds is shown while it is written. */

import { startFilterBuilders } from "./filters/builder.js";
import { pollFragments, wireLiveForms } from "./page/fragments.js";
import { followTheme } from "./page/theme.js";
import { showLocalTimes } from "./page/times.js";

followTheme();
showLocalTimes();
startFilterBuilders();
wireLiveForms();
pollFragments();
