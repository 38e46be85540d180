/** The plan's page: rules to click together, and what the plan would mean while it is being written. */

import { startFilterBuilders } from "./filters/builder.js";
import { wireCopying } from "./page/copy.js";
import { pollFragments } from "./page/fragments.js";
import { sendFormsOnce } from "./page/once.js";
import { followTheme } from "./page/theme.js";
import { followPlan } from "./plan/preview.js";
import { wireRules } from "./plan/rules.js";

followTheme();
sendFormsOnce();
wireCopying();
pollFragments();
startFilterBuilders();
const planForm = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-plan-form]"));
if (planForm) {
  const changed = followPlan(planForm);
  wireRules(planForm, changed);
}
