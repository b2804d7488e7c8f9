import * as v from "valibot";

/** The dashboard's address: what is not set falls back to the preferences. */
export const DashboardSearch = v.object({
  range: v.fallback(v.optional(v.picklist(["15m", "1h", "24h", "today"])), undefined),
});
