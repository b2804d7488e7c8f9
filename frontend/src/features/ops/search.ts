import * as v from "valibot";

/** The page's URL parameters. */
export const OpsSearch = v.object({});
