/** What most pages can do: change the theme, copy, fill in a demo sign-in, show local times, refresh parts. */

import { wireCopying } from "./page/copy.js";
import { wireDemoSignIns } from "./page/demo.js";
import { pollFragments, wireFileLimits, wireLiveForms } from "./page/fragments.js";
import { sendFormsOnce } from "./page/once.js";
import { followTheme } from "./page/theme.js";
import { showLocalTimes } from "./page/times.js";

followTheme();
sendFormsOnce();
wireCopying();
wireDemoSignIns();
showLocalTimes();
wireLiveForms();
pollFragments();
wireFileLimits();
