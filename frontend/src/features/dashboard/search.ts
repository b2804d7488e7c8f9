import * as v from "valibot";

/** The dashboard's address. What is not set falls back to the preferences. */
export const DashboardSearch = v.object({
  range: v.fallback(v.optional(v.picklist(["15m", "1h", "24h", "today"])), undefined),
  metric: v.fallback(v.optional(v.picklist(["revenue", "orders", "payments", "success_rate"])), undefined),
  /** Without the frame, for a screen on the wall. */
  wall: v.fallback(v.optional(v.boolean()), undefined),
});

export type DashboardSearchParams = v.InferOutput<typeof DashboardSearch>;
