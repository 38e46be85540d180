/** A dataset's page: the recipe's filter built by clicking, with what it would choose beside it. */

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
