/** Judges: the filter of a run built by clicking, what it would come to beside it, and runs that are followed. */

import { startFilterBuilders } from "./filters/builder.js";
import { wireCopying } from "./page/copy.js";
import { pollFragments, wireLiveForms } from "./page/fragments.js";
import { sendFormsOnce } from "./page/once.js";
import { followTheme } from "./page/theme.js";
import { showLocalTimes } from "./page/times.js";

followTheme();
sendFormsOnce();
wireCopying();
showLocalTimes();
startFilterBuilders();
wireLiveForms();
pollFragments();
