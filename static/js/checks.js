/** A project's checks: what the one being written finds is shown while it is written. */

import { startFilterBuilders } from "./filters/builder.js";
import { pollFragments, wireLiveForms } from "./page/fragments.js";
import { sendFormsOnce } from "./page/once.js";
import { followTheme } from "./page/theme.js";
import { showLocalTimes } from "./page/times.js";

followTheme();
sendFormsOnce();
showLocalTimes();
startFilterBuilders();
wireLiveForms();
pollFragments();
