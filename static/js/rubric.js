/** The rubric's page: questions by clicking, in step with their JSON, and the reviewer's screen beside them. */

import { followTheme } from "./page/theme.js";
import { showLocalTimes } from "./page/times.js";

followTheme();
showLocalTimes();
