/** What every page but the reviewer's screen can do: change the theme, copy, fill in a demo sign-in. */

import { wireCopying } from "./page/copy.js";
import { wireDemoSignIns } from "./page/demo.js";
import { followTheme } from "./page/theme.js";

followTheme();
wireCopying();
wireDemoSignIns();
