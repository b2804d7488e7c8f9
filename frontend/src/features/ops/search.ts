import * as v from "valibot";

/** The page's address. */
export const OpsSearch = v.object({});
