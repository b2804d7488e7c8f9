import * as v from "valibot";

/** A boolean in the URL. */
const FLAG = v.pipe(
  v.picklist(["true", "false"]),
  v.transform((text) => text === "true"),
);

/** The dashboard's URL parameters. Missing ones default to the preferences. */
export const DashboardSearch = v.object({
  range: v.fallback(v.optional(v.picklist(["15m", "1h", "24h", "today"])), undefined),
  metric: v.fallback(v.optional(v.picklist(["revenue", "orders", "payments", "success_rate"])), undefined),
  /** Wall mode: without the frame. */
  wall: v.fallback(v.optional(v.union([v.boolean(), FLAG])), undefined),
});

export type DashboardSearchParams = v.InferOutput<typeof DashboardSearch>;
