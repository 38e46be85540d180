/** A project's masking: what the form does to its text is shown while it is filled in. */

import { wireLiveForms } from "./page/fragments.js";
import { sendFormsOnce } from "./page/once.js";
import { followTheme } from "./page/theme.js";
import { showLocalTimes } from "./page/times.js";

followTheme();
sendFormsOnce();
showLocalTimes();
wireLiveForms();
